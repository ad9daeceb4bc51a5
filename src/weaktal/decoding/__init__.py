"""From scores over time to segments: thresholds, proposals, their scores, non-maximum suppression.

Needs no model: stored scores decode again with other settings.
"""
