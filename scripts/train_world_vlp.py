#!/usr/bin/env python
"""Trains the rendered world's vision-language encoder on stills with captions, and writes its weights and words.

python scripts/train_world_vlp.py --scratch FOLDER [--out FOLDER]
"""

from weaktal.worlds.pretraining.commands import train_vlp

if __name__ == "__main__":
    train_vlp()
