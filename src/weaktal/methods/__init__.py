"""Methods, one a file that reads like its paper: which phases, what is frozen, which losses, in which order."""
