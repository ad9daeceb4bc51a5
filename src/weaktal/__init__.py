"""weaktal: weakly-supervised temporal action localization.

Learns from video-level tags alone (WHICH actions occur) and returns segments (WHEN they occur), scored by class.

Layers, lowest first; a layer imports only from those before it:

1. ``errors``, ``files``, ``segments``, ``timeline``, ``config``: what everything speaks
2. ``data`` (folders, features, sampling), ``video`` (frames, optical flow)
3. ``evaluation`` (tIoU, AP, protocols), ``decode`` (scores to segments), ``encoders`` (frames to features)
4. ``models`` and ``losses``: tensors in, tensors out; no files, no labels' origin, no decoding
5. ``engine``: the trainer, which knows no method
6. ``methods``: each method in one file that reads like its paper
7. ``workflows``: what the verbs do, for programs
8. ``cli``: one thin file a verb
"""

__version__ = "0.1.0"
