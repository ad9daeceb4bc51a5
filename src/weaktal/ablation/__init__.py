"""The paper's tables over seeds: what is compared, which trainings it takes, how they run, what they say.

``tables`` names the variants, ``plan`` finds the trainings that they share, ``fork`` lets one training go on from
another's phase, ``cell`` trains and scores one of them, ``runner`` runs them side by side, ``statistics``, ``report``
and ``plots`` tell what came out. Only ``weaktal.workflows`` and ``weaktal.cli`` import from here.
"""
