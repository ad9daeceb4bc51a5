"""Losses, one a file, each with its formula and the section of the paper it comes from."""
