"""How many histories are lived, and from which seeds: fixed ones in `bin/test`."""

from __future__ import annotations

import pytest

FEW = 100
A_CHUNK = 50


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("reference")
    group.addoption("--histories", type=int, default=FEW, help="random histories to live")
    group.addoption("--history-seed", type=int, default=0, help="the first chunk's seed")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Part the histories into chunks: each has a seed, a transaction and a worker to itself."""
    if "chunk" in metafunc.fixturenames:
        first = metafunc.config.getoption("--history-seed", default=0)
        wanted = metafunc.config.getoption("--histories", default=FEW)
        count = -(-wanted // A_CHUNK)
        metafunc.parametrize("chunk", [f"seed-{first + number}" for number in range(count)])


@pytest.fixture
def size() -> int:
    return A_CHUNK
