"""Makes PDFs, each in a process of its own that begins as a copy of this one. Run by `renderer`.

Loading WeasyPrint takes twice the time of a usual page, so it is done once, and each page is made
by a child that is forked from here: HTML comes in by one file, the PDF goes out by another. After
a NUL, which no page has, an electronic invoice may follow the page, to be embedded.

A child takes its time from SOURCE_DATE_EPOCH, reaches neither network nor files, and bounds its
own processor time and output, so that it also ends where the process that asked for it died.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import importlib
import os
import resource
import socket
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO

from invoicing.pdf.metadata import FACTURX_NAME, declare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

EXIT_UNAVAILABLE: Final = 69  # sysexits.h: a service that this needs is not there
MAX_PDF_BYTES: Final = 64 * 1024 * 1024
CPU_SECONDS: Final = 300
IDLE_SECONDS: Final = 60.0
SEPARATOR: Final = b"\0"
FONTS: Final = Path(__file__).resolve().parent / "fonts"
WEIGHTS: Final = {"Inter-Regular": 400, "Inter-Medium": 500, "Inter-SemiBold": 600}


class RendererMissing(Exception):
    """WeasyPrint, or a library of the system that it needs, cannot be loaded."""


class FetchRefused(ValueError):
    """The page asked for something that is not inside it."""


def load_weasyprint(importer: Callable[[str], ModuleType]) -> Any:
    try:
        return importer("weasyprint")
    except (ImportError, OSError) as error:
        raise RendererMissing(str(error)) from error


def font_faces() -> str:
    """Write the style sheet that holds the fonts themselves, so that nothing is looked up."""
    return "".join(
        f"@font-face{{font-family:Inter;font-weight:{weight};"
        f"src:url(data:font/ttf;base64,{_encoded(FONTS / f'{name}.ttf')})}}"
        for name, weight in WEIGHTS.items()
    )


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def embedded_only(weasyprint: Any) -> Any:
    """Return a fetcher that reads `data:` addresses and refuses all others."""

    class EmbeddedOnly(weasyprint.urls.URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if not url.lower().startswith("data:"):
                raise FetchRefused(f"Not inside the page: {url[:100]}")
            return super().fetch(url, headers)

    return EmbeddedOnly(allowed_protocols={"data"}, allow_redirects=False)


def make_pdf(html: str, weasyprint: Any, *, epoch: int, einvoice: bytes = b"") -> bytes:
    """Lay the page out as a tagged PDF, made at `epoch`, with its fonts inside.

    It is accessible (PDF/UA-1) and made to be kept (PDF/A-3a); with an electronic invoice inside
    it is a Factur-X of the profile EN 16931.
    """
    fetcher = embedded_only(weasyprint)
    fonts = weasyprint.text.fonts.FontConfiguration()
    faces = weasyprint.CSS(string=font_faces(), font_config=fonts, url_fetcher=fetcher)
    page = weasyprint.HTML(string=html, url_fetcher=fetcher, base_url="about:blank")
    options: dict[str, Any] = {"stylesheets": [faces], "pdf_variant": "pdf/a-3a"}
    document = page.render(font_config=fonts, **options)
    at = datetime.fromtimestamp(epoch, UTC)
    document.metadata.created = document.metadata.modified = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    declare(document.metadata, is_facturx=bool(einvoice))
    if einvoice:
        attachment = weasyprint.Attachment(
            string=einvoice,
            name=FACTURX_NAME,
            description="Factur-X",
            created=at,
            modified=at,
            relationship="Data",
        )
        document.metadata.attachments.append(attachment)
    written: bytes = document.write_pdf(finisher=name_each_file_once, **options)
    return written


def name_each_file_once(_document: Any, pdf: Any) -> None:
    """Drop the second mention of an associated file."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])


def bound_processor_time() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or hard > CPU_SECONDS:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def make_one(source: BinaryIO, target: BinaryIO, weasyprint: Any, *, epoch: int) -> None:
    """Read a page and write its PDF. Raises ValueError where that would be too large."""
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    page, _, einvoice = source.read().partition(SEPARATOR)
    made = make_pdf(page.decode(), weasyprint, epoch=epoch, einvoice=einvoice)
    if len(made) > MAX_PDF_BYTES:
        raise ValueError(f"the PDF has {len(made)} bytes, more than {MAX_PDF_BYTES}")
    target.write(made)


def in_a_child(files: Sequence[int], weasyprint: Any, *, epoch: int) -> int:
    """Make one PDF in a copy of this process; return its exit code, or minus its signal.

    The files are the page, the PDF, and what goes wrong.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        bound_processor_time()
        for number, file in enumerate(files):
            os.dup2(file, number)
        with open(0, "rb", closefd=False) as source, open(1, "wb", closefd=False) as target:
            make_one(source, target, weasyprint, epoch=epoch)
        code = 0
    except BaseException:  # noqa: BLE001 — a child that goes on would serve as a second parent
        with contextlib.suppress(BaseException):
            os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def serve(
    channel: socket.socket,
    errors: TextIO,
    *,
    importer: Callable[[str], ModuleType] = importlib.import_module,
) -> int:
    """Make the PDFs that are asked for, one after the other; return the exit code of the process.

    A message is the epoch of one, with its three files; the answer is how its child ended. It is
    over when nobody has asked for IDLE_SECONDS, or the one who asks is gone.
    """
    try:
        weasyprint = load_weasyprint(importer)
    except RendererMissing as error:
        errors.write(f"{error}\n")
        return EXIT_UNAVAILABLE
    gc.freeze()  # children share what is loaded
    channel.settimeout(IDLE_SECONDS)
    with contextlib.suppress(TimeoutError, ConnectionError):
        while True:
            message, files, _flags, _from = socket.recv_fds(channel, 64, 3)
            if not message:
                break
            ended = in_a_child(files, weasyprint, epoch=int(message))
            for file in files:
                os.close(file)
            channel.send(str(ended).encode())
    return 0


if __name__ == "__main__":
    sys.exit(serve(socket.socket(fileno=0), sys.stderr))
