"""Training that knows no method: phases, updates, checkpoints, resume, logs."""
