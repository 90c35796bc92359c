"""System packages that we can start without, but that something needs."""

from __future__ import annotations

import ctypes
from typing import Final

PDF_LIBRARIES: Final = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
PDF_PACKAGES: Final = (
    "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-droid-fallback"
)


def missing_libraries() -> list[str]:
    """Return the libraries of the PDF writer that cannot be loaded."""
    missing: list[str] = []
    for name in PDF_LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def warnings() -> list[str]:
    """Return what does not hold a start up, one line each with its remedy."""
    if not missing_libraries():
        return []
    return [f"No PDFs until this is run as root: apt-get install -y {PDF_PACKAGES}"]
