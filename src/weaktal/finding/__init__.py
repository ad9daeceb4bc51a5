"""From a folder of videos and a spreadsheet of tags to the few segments that a person can use.

``find`` is the whole way in one command. Of what it needs beyond the other rooms, ``plan`` chooses encoders, method and
preset, ``estimate`` measures how long it will take, ``training`` and ``localizing`` do what is not done yet. Few and sure
are ``overlaps`` and ``final_set``, with ``calibration`` from held-out tags; ``trust`` says how far to believe it, and
``account`` says it all in plain words.
"""
