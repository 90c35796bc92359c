"""A clean environment for the launcher: nothing of the test run's own servers reaches it."""

import os
from pathlib import Path

import pytest

from launcher import environment
from launcher.paths import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    made.make()
    return made


@pytest.fixture(scope="module")
def clean() -> dict[str, str]:
    return environment.without_settings(os.environ)
