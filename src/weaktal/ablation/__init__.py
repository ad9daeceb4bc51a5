"""The paper's tables over seeds: what is compared, which trainings it takes, how they run, what they say.

``tables`` names the variants, ``plan`` finds the trainings that they share, ``fork`` lets one training go on from
another's step, ``cell`` trains and reads one of them, ``runner`` runs them side by side, ``folder`` knows what is
finished, ``statistics``, ``report``, ``document`` and ``plots`` tell what came out; ``ablate`` puts it all together. It
stands above ``weaktal.runs``, which it calls; only ``weaktal.reproduction`` and ``weaktal.cli`` import from here.
"""
