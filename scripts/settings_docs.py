"""Writes docs/settings.md out of the settings' own words: ``python scripts/settings_docs.py``.

With ``--check`` it writes nothing, and fails if the page is another one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from weaktal.config import SOURCES, Entry, described, one_value
from weaktal.methods import METHODS
from weaktal.runs.settings import OTHERS, settings_kind

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
HEAD = f"""# Settings

`python scripts/settings_docs.py` generates this page from the settings themselves; a test checks that it is up to
date. At the shell you get the same as YAML for `weaktal train --config`:

```
weaktal settings collab                      # or mil, cbp, mmsd; decode and zero-shot for those commands
weaktal settings collab --preset quick       # with the values of a preset
weaktal settings collab --search threshold   # only those that mention it
```

Later sources overrule earlier ones: the defaults below, `--preset NAME`, `--config FILE.yaml`, `--set KEY.SUB=VALUE`.
A preset is a file [`METHOD/NAME.yaml`](../src/weaktal/methods/presets).

Sources say where a default comes from: {"; ".join(f"*{name}*: {words}" for name, words in SOURCES.items())}.
The paper is Ju et al. (CVPR 2023), the code is that of Huang et al. (TIP 2022).
"""


def page() -> str:
    """The whole page."""
    seen: dict[str, str] = {}
    parts = [HEAD]
    for name in (*METHODS, *OTHERS):
        parts.append(f"## `{name}`\n")
        entries = list(described(settings_kind(name)()))
        meanings = {entry.path: entry.meaning for entry in entries if entry.group}
        # Settings beside groups may stand between them.
        single = sorted((entry for entry in entries if not entry.group), key=lambda entry: _place(entry, entries))
        for group, members in groupby(single, key=lambda entry: entry.path[:-1]):
            key = ".".join(group)
            table = "\n".join(_table(members))
            if group:
                parts.append(f"### `{name}`: `{key}`\n\n{meanings[group]}\n")
            if table in seen:
                parts.append(f"As [{seen[table]}](#{seen[table].replace(': ', '-').replace('.', '')}).\n")
                continue
            seen[table] = f"{name}: {key}" if group else name
            parts.append(table + "\n")
    return "\n".join(parts)


def _place(entry: Entry, entries: list[Entry]) -> int:
    """Where the group of a setting begins: 0 for settings without one."""
    return next((i + 1 for i, other in enumerate(entries) if other.path == entry.path[:-1]), 0)


def _table(entries: Iterator[Entry]) -> Iterator[str]:
    yield "| setting | default | unit | values | source | meaning |"
    yield "|---|---|---|---|---|---|"
    for entry in entries:
        cells = f"`{entry.path[-1]}`", f"`{one_value(entry.value)}`", entry.unit or "", entry.limits, entry.source or ""
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in (*cells, entry.meaning)) + " |"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE}: is not that of the settings; run: python scripts/settings_docs.py")
    print(PAGE)
