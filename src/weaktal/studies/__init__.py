"""Many trainings over seeds: the paper's tables on a dataset, and the published experiments.

``tables`` names the variants, ``plan`` finds the trainings that they share, ``fork`` lets one training continue from
another's step, ``cell`` trains and reads one of them as ``seeded`` says, ``runner`` runs them side by side,
``folder`` knows what is finished, ``statistics``, ``report``, ``document`` and ``plots`` tell what came out; ``ablate``
puts it all together. Everything up to the first training does without torch.
``benchmarks`` holds published figures, ``recipes/`` the settings of the experiments, ``needs`` finds what is missing
for one, ``reproduce`` runs it. ``controls`` goes over several datasets (``several``, ``command_line``), ``deals``
reads its folders together, ``tuned`` gives each of its rows one of several ``candidates``. Only ``weaktal.cli``
imports from here.
"""
