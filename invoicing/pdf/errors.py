"""Why a PDF could not be made. Callers keep the job and try again; none of these loses anything."""

from __future__ import annotations

from typing import Final

INSTALL: Final = (
    "apt-get install -y --no-install-recommends"
    " libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-droid-fallback"
)


class PdfError(Exception):
    """A PDF could not be made. Catch this one; subclasses say why."""


class PdfUnavailable(PdfError):
    """The machine lacks a library that renders. The message has the line that installs it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"PDFs need Pango, which is missing here. Run: {INSTALL}")


class PdfTimedOut(PdfError):
    """Rendering took longer than it may, and was ended."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Rendering the PDF took longer than {seconds:g} s and was ended.")


class PdfFailed(PdfError):
    """Rendering ended with an error, or with more bytes than it may; `reason` says which."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The PDF could not be rendered: {reason}")
