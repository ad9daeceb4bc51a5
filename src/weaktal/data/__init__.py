"""Dataset folders: annotations, features, stored scores, results, sampling, import of published packages.

Modules here read and write files and hand out NumPy arrays; they know nothing of models, losses or training, and
need no extra.
"""
