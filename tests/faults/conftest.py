"""The world that faults are tried on, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.faults import world


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.make(tmp_path_factory.mktemp("faults") / "base")
