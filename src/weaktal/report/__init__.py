"""One self-contained HTML page that shows what a method found, beside the truth, on one time axis.

``content`` says what a report holds, as plain data; ``page`` turns it into HTML with the pure functions of ``tables``,
``figure`` and ``drawing``, all built on ``markup``, which escapes whatever is not markup already. ``film`` alone reads
files: the pictures of a video. The page loads nothing: style, script and pictures are in it.
"""
