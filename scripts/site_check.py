"""Checks a site that was built: its pages load nothing from other hosts.

python scripts/site_check.py FOLDER
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# What a browser fetches without a click, in pages and in style sheets.
_FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|audio|video)[^>]*\ssrc=["']?(?:https?:)?//[^\s"'>]+"""
    r"""|<link(?![^>]*rel=["']?canonical)[^>]*\shref=["']?(?:https?:)?//[^\s"'>]+"""
    r"""|url\(["']?(?:https?:)?//[^)]+|@import\s+["'](?:https?:)?//[^"']+"""
)


def foreign(folder: Path) -> list[str]:
    """Each fetch from another host, with the file that it is in."""
    files = (path for path in sorted(folder.rglob("*")) if path.suffix in (".html", ".css"))
    return [f"{path}: {found}" for path in files for found in _FETCHED.findall(path.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    site = Path(sys.argv[1])
    if not (site / "index.html").is_file():
        sys.exit(f"{site}: holds no index.html; expected a site that was built")
    problems = foreign(site)
    if problems:
        sys.exit("\n".join(problems))
    files = [path for path in site.rglob("*") if path.is_file()]
    pages, size = sum(path.suffix == ".html" for path in files), sum(path.stat().st_size for path in files)
    print(f"{site}: {pages} pages, {size / 2**20:.1f} MB, nothing from other hosts")
