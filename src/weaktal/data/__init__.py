"""Dataset folders: annotations, features, sampling, import of published packages, composition of new datasets.

Modules here read and write files and hand out NumPy arrays; they know nothing of models, losses or training.
``compose_videos`` alone works on video and needs that extra.
"""
