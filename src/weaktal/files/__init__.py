"""Files: what users give, read with one line for what is wrong; what weaktal writes, which appears whole or not at all.

``paths`` says what may be written and where things are kept, ``reading`` reads text and validates JSON where it enters,
``nature`` tells by the first bytes what a file really is, ``writing`` moves files and folders into place in one step.
"""

from weaktal.files.nature import nature
from weaktal.files.paths import (
    as_paths,
    cache_folder,
    check_apart,
    check_writable,
    home_cache,
    is_endless,
    reason,
    refuse_links,
    sha256,
)
from weaktal.files.reading import (
    Kept,
    collector_paused,
    finite_throughout,
    from_validation,
    read_bytes,
    read_json,
    read_mended,
    read_model,
    read_text,
    validated,
)
from weaktal.files.writing import (
    discard_folder,
    remove_left_over,
    replacing,
    replacing_folder,
    scratch_folder,
    write_json,
    write_text,
)

__all__ = [
    "Kept",
    "as_paths",
    "cache_folder",
    "check_apart",
    "check_writable",
    "collector_paused",
    "discard_folder",
    "finite_throughout",
    "from_validation",
    "home_cache",
    "is_endless",
    "nature",
    "read_bytes",
    "read_json",
    "read_mended",
    "read_model",
    "read_text",
    "reason",
    "refuse_links",
    "remove_left_over",
    "replacing",
    "replacing_folder",
    "scratch_folder",
    "sha256",
    "validated",
    "write_json",
    "write_text",
]
