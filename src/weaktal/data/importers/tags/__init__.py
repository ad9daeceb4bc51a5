"""Tags of one's own videos into a dataset: a spreadsheet that says what occurs in each, or folders that say it.

``cells`` reads a file into rows of text, ``joining`` finds the video that a cell means, ``layout`` guesses which
columns hold what, ``labels`` takes tags out of cells and merges spellings, ``holding_out`` sets videos aside for
testing, and ``import_table`` makes the dataset of it all. Nothing is guessed without being said.
"""
