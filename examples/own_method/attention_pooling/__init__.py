"""A method of one's own for weaktal: attention pooling instead of the highest snippets. Copy it and make it yours.

    pip install examples/own_method
    weaktal train DATASET --method attention --features i3d --run RUN
    weaktal localize RUN DATASET --out results.json

Without installing, from a folder that Python searches: ``weaktal train ... --method attention_pooling.method``, and
the same option again for ``weaktal localize``.
"""
