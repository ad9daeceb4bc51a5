"""Raw video: what a file holds, its frames at a constant rate, and the optical flow between them.

``container`` opens files and tells what is in them, ``decoding`` streams frames by their time stamps, ``flow`` holds
the optical-flow methods. Modules here hand out NumPy arrays and may import ``weaktal.errors``, ``weaktal.files`` and
``weaktal.timeline``; they know nothing of datasets, encoders or models.

Importing anything from here fails with an :class:`~weaktal.errors.InputError` where the video extra is not installed.
"""

from weaktal.packages import require

for _module in ("av", "cv2"):
    require(_module, what="working on video")
