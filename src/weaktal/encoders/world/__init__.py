"""The rendered world's own encoders: small networks, their weights, and the words that they know.

``shipped`` names them and checks their weights, ``build`` makes them ready to run, ``small3d`` and ``small_clip`` are
the networks, ``words`` the vocabulary. ``weaktal.worlds.pretraining`` trained them.
"""
