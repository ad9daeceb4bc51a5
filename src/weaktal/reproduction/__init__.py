"""The published experiments: recipes, published figures, and what a machine needs to repeat them.

``benchmarks`` holds the figures, ``recipes/`` the settings, ``needs`` finds what is missing, ``reproduce`` runs it
through ``weaktal.ablation``. Only ``weaktal.cli`` imports from here.
"""
