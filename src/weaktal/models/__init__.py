"""Networks: features in, scores out. They know nothing of files, labels, losses or decoding."""
