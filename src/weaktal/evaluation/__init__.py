"""Scoring of results: temporal IoU, average precision, the protocols of the benchmarks, diagnosis.

Pure functions on segments and arrays, plus the protocols as data.
"""
