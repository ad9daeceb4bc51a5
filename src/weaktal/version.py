"""The version of weaktal, which runs and reports keep."""

__version__ = "0.2.0"
