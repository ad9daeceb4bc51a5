"""weaktal: weakly-supervised temporal action localization.

Learns from video-level tags alone (WHICH actions occur) and returns segments (WHEN they occur), scored by class.

Rooms from the ground up; a room imports only from those named before it:

1. ``errors``, ``files``, ``segments``, ``timeline``, ``progress``, ``config``: what everything speaks
2. ``data`` (dataset folders), ``video`` (frames, optical flow), ``models`` and ``losses`` (tensors in, tensors out)
3. ``decode`` (scores to segments), ``evaluation`` (tIoU, AP), ``encoders`` (networks), ``compose`` (datasets)
4. ``extraction`` (videos to features), ``engine`` (the trainer, which knows no method)
5. ``methods``: each method reads like its paper; ``world``: rendered videos
6. ``runs`` (train, localize), ``report`` (a page to look at), ``studies`` (many trainings), ``demo``
7. ``cli``: one thin file a verb
"""

__version__ = "0.1.0"
