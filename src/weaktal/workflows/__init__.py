"""What the verbs do, for programs: train a run, localize with it. Files in, files out; the command line only parses."""
