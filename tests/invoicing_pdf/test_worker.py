"""The process that renders: what it refuses, how it fails, what it is kept from."""

from __future__ import annotations

import socket
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from invoicing.pdf.errors import PdfFailed, PdfTimedOut, PdfUnavailable
from invoicing.pdf.render import check_pdf, render_pdf
from invoicing.pdf.renderer import Renderer
from tests.invoicing_pdf.samples import EPOCH, read

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_PANGO = """
import socket, sys
from invoicing.pdf import worker
def importer(name):
    raise OSError("cannot load library 'libpango-1.0-0'")
sys.exit(worker.serve(socket.socket(fileno=0), sys.stderr, importer=importer))
"""


def python(program: str) -> Renderer:
    return Renderer((sys.executable, "-c", program))


def test_without_pango_the_error_is_the_line_that_installs_it() -> None:
    with pytest.raises(PdfUnavailable) as caught:
        check_pdf(renderer=python(WITHOUT_PANGO))

    assert str(caught.value) == (
        "PDFs need Pango, which is missing here. Run: apt-get install -y --no-install-recommends "
        "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core "
        "fonts-droid-fallback"
    )
    assert caught.value.reason == "cannot load library 'libpango-1.0-0'"


def test_rendering_that_takes_too_long_is_ended() -> None:
    with pytest.raises(PdfTimedOut, match=r"longer than 0\.5 s"):
        render_pdf(
            "<p>", epoch=0, timeout_seconds=0.5, renderer=python("import time; time.sleep(60)")
        )


def test_a_crash_is_told_with_its_last_words() -> None:
    with pytest.raises(PdfFailed, match="ZeroDivisionError"):
        render_pdf("<p>", epoch=0, renderer=python("1 / 0"))


def test_an_answer_that_is_no_pdf_is_refused() -> None:
    with pytest.raises(PdfFailed, match="ended with 0"):
        render_pdf("<p>", epoch=0, renderer=python("print('hello')"))


def test_a_page_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(PdfFailed, match="bytes, more than"):
        render_pdf("x" * (32 * 1024 * 1024 + 1), epoch=0, renderer=python("1 / 0"))


def test_the_worker_sees_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do-not-tell")
    program = "import os, sys; sys.exit(' '.join(sorted(os.environ)))"

    with pytest.raises(PdfFailed) as caught:
        render_pdf("<p>", epoch=1234, renderer=python(program))

    assert "SECRET_KEY" not in caught.value.reason
    assert "PYTHONHASHSEED" in caught.value.reason


def test_nothing_outside_the_page_is_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of this machine")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        outside = f"http://127.0.0.1:{listener.getsockname()[1]}"
        html = (
            f"<!doctype html><html lang='en'><head><title>t</title>"
            f"<link rel='stylesheet' href='{outside}/a.css'>"
            f"<link rel='attachment' href='file://{secret}'>"
            f"<style>@import url({outside}/b.css); body {{background: url({outside}/c.png)}}"
            f"</style></head><body><p>kept</p><img alt='x' src='{outside}/d.png'>"
            f"<img alt='x' src='file://{secret}'><object data='{outside}/e'></object></body></html>"
        )

        pdf = render_pdf(html, epoch=0)

        with pytest.raises(TimeoutError):
            listener.accept()
    assert "kept" in read(pdf).pages[0].extract_text()
    assert read(pdf).attachments == {}
    assert b"the secret of this machine" not in pdf


def test_the_time_in_the_file_is_the_one_that_was_given() -> None:
    pdf = render_pdf("<!doctype html><html lang='en'><title>t</title><p>x", epoch=EPOCH)

    metadata = read(pdf).metadata
    assert metadata is not None
    assert metadata.creation_date == datetime(2026, 5, 1, tzinfo=UTC)


def test_this_machine_can_render() -> None:
    check_pdf()
