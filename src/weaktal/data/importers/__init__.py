"""Import of published annotation and feature packages into dataset folders.

``pickles`` and ``packed`` read NumPy's object arrays without ever running what is in them; ``npy_package`` and
``activitynet`` turn the two families of published annotations into :class:`~weaktal.data.annotations.Annotations`;
``published_features`` brings feature packages into a dataset, and ``dataset`` writes the whole.
"""
