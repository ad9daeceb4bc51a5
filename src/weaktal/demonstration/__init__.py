"""The whole way in one go, on a rendered world: ``demo`` calls the ``steps`` in order, ``worlds`` keeps what it drew.

Only ``weaktal.cli`` imports from here.
"""
