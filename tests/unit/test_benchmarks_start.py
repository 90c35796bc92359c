"""Each benchmark can be loaded on the Python that runs the tests, also on the oldest one."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import benchmarks

NAMES = sorted(file.stem for file in Path(benchmarks.__path__[0]).glob("[a-z]*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_loaded(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for told in ("BENCH_URL", "BENCH_TOKEN", "BENCH_SUPERUSER_URL"):  # by what starts them
        monkeypatch.setenv(told, "http://127.0.0.1:1")

    assert importlib.import_module(f"benchmarks.{name}").__doc__
