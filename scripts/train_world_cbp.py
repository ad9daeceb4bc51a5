#!/usr/bin/env python
"""Trains the rendered world's RGB and flow streams on trimmed clips, and writes their weights.

python scripts/train_world_cbp.py --scratch FOLDER [--out FOLDER]
"""

from weaktal.worlds.pretraining.commands import train_cbp

if __name__ == "__main__":
    train_cbp()
