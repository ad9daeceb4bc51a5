"""The life of a run: training it, scoring and localizing with it, looking back at its phases; zero-shot without one.

``train`` makes a run's folder, ``trained`` puts a finished one to use, ``localize_dataset`` and ``localize_videos``
find segments with it, ``zero_shot`` finds them without any training, ``phases`` scores a run phase by phase. Modules
here may import everything below: datasets, extraction, methods, the engine, decoding and evaluation.
"""
