"""docs/settings.md says what the settings say."""

from __future__ import annotations

import importlib.util
import os
import runpy
import shutil
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "settings_docs.py"


def test_a_check_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "docs" / "settings.md"
    for part in ("scripts/settings_docs.py", "docs/settings.md"):
        (tmp_path / part).parent.mkdir()
        shutil.copy(SCRIPT.parents[1] / part, tmp_path / part)
    os.utime(page, (1, 1))
    monkeypatch.setattr(sys, "argv", ["settings_docs.py", "--check"])
    runpy.run_path(str(tmp_path / "scripts" / "settings_docs.py"), run_name="__main__")
    assert page.stat().st_mtime == 1
    page.write_text("another", encoding="utf-8")
    with pytest.raises(SystemExit, match="is not that of the settings"):
        runpy.run_path(str(tmp_path / "scripts" / "settings_docs.py"), run_name="__main__")
    assert page.read_text(encoding="utf-8") == "another"


def test_the_page_of_settings_is_made_of_the_settings() -> None:
    spec = importlib.util.spec_from_file_location("settings_docs", SCRIPT)
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run: python scripts/settings_docs.py"
