"""From video files to folders of features: decoding, optical flow and networks as one pipeline of overlapping stages.

``extract`` is the verb: the command line, the demo and Python call it. ``snippets`` cuts frames into windows, ``feeds``
makes of them what networks eat, ``pipeline`` runs the stages for one video after another, ``prefetch`` lets a stage run
ahead. ``folders`` knows what a feature folder holds and lacks, ``recipe`` everything that an extraction depends on,
``cluster`` runs it on Ray; ``cache`` keeps features of videos that belong to no dataset. Modules here may import
``weaktal.data``, ``weaktal.video`` and ``weaktal.encoders``.
"""
