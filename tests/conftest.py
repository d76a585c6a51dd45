"""What do all tests share? A cache and a history of their own: none sees what another found out."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCV_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("BCV_DATA_DIR", str(tmp_path_factory.mktemp("data")))
