"""Damaged and hostile files, kills at any file operation, two calls at once; docs/faults.md says how to run more."""
