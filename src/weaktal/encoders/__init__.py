"""Networks that turn video into snippet features: I3D, CLIP and other vision-language models, and the extraction.

``i3d`` and ``clip`` are the networks, ``vision_language`` the interface that every vision-language encoder shares,
``prompts`` puts learnable vectors around class names. ``pipeline`` joins decoding, optical flow and a network into
features of one video, ``extraction`` runs that over many videos into a dataset folder, here or on a Ray cluster
(``cluster``); ``cache`` keeps features of videos that belong to no dataset. ``weights`` knows which weights exist and
where they lie, ``download`` fetches them.

Modules here may import ``weaktal.data`` and ``weaktal.video``; they know nothing of models, losses or methods.
"""
