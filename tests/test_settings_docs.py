"""docs/settings.md says what the settings say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "settings_docs.py"


def test_the_page_of_settings_is_made_of_the_settings() -> None:
    spec = importlib.util.spec_from_file_location("settings_docs", SCRIPT)
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run: python scripts/settings_docs.py"
