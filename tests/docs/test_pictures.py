"""The pictures of measured figures are drawn from the figures that lie beside them."""

from __future__ import annotations

import pytest

from benchmarks.pictures import IMAGES, PICTURES


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_the_figures(name: str) -> None:
    again = "run: .venv/bin/python -m benchmarks.pictures"

    assert (IMAGES / name).read_text() == PICTURES[name](), again
