"""Training of the rendered world's small encoders, in the image of what I3D and CLIP were trained on.

``clips`` and ``stills`` render what they see and keep it, ``captions`` writes what a web page might say of a still,
``classification`` trains on trimmed clips, ``contrastive`` on stills with captions, ``loop`` is what both share, and
``publish`` writes weights with their hashes, logs and figures. Nothing here ever sees an untrimmed video or a segment.

``scripts/train_world_cbp.py`` and ``scripts/train_world_vlp.py`` are its shells.
"""
