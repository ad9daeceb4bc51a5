"""Dataset folders: annotations, features, sampling, import of published packages, composition of new datasets.

Modules here read and write files and hand out NumPy arrays; they know nothing of models, losses or training.
"""
