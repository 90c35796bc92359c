"""How many histories are lived, and from which seed on: fixed ones in a plain run."""

from __future__ import annotations

import pytest

FEW = 60
A_CHUNK = 30


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("reference")
    group.addoption("--histories", type=int, default=FEW, help="how many random histories to live")
    group.addoption("--history-seed", type=int, default=0, help="seed of the first thirty of them")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Part the histories into chunks: each has a seed, a transaction and a worker to itself."""
    if "chunk" in metafunc.fixturenames:
        first = metafunc.config.getoption("--history-seed", default=0)
        wanted = metafunc.config.getoption("--histories", default=FEW)
        seeds = range(first, first + -(-wanted // A_CHUNK))
        metafunc.parametrize("chunk", seeds, ids=lambda number: f"seed-{number}")


@pytest.fixture
def size() -> int:
    """Return how many histories a chunk has."""
    return A_CHUNK
