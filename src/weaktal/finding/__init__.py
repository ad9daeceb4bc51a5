"""From a folder of videos and a spreadsheet of tags to the few segments that a person can use.

``find`` is the whole way in one command. Of what it needs beyond the other rooms, ``plan`` chooses encoders, method and
preset, ``estimate`` measures how long it will take, ``learning`` and ``scoring`` do what is not done yet. ``final_set``
chooses the few that are shown, with ``overlaps`` resolved, a ``threshold`` from data and ``calibration`` of scores from
held-out tags; ``trust`` says how far to believe it, ``account`` says it all in plain words, ``outputs`` writes it.
"""
