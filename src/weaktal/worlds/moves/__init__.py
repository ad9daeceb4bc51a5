"""How each action goes: tables of keys, one module for places that are alike. Meters, seconds, degrees."""
