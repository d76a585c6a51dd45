"""What do all tests share? A cache and a history of their own: none sees what another found out."""

from __future__ import annotations

import os

import pytest

# As on bcv's command line: several threads for small matrices only get into each other's way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCV_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("BCV_DATA_DIR", str(tmp_path_factory.mktemp("data")))
