"""New datasets out of trimmed clips: untrimmed videos whose exact boundaries are known.

``plan`` says which clip lies where, for any kind of clips; ``clips`` reads folders of features, ``video_clips`` those
of video files; ``features`` and ``videos`` write the dataset. ``videos`` alone needs the ``video`` extra.
"""
