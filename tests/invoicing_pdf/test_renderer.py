"""The kept process that makes PDFs: one for many pages, another where it has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from invoicing.pdf.errors import PdfTimedOut
from invoicing.pdf.render import render_pdf
from invoicing.pdf.renderer import Renderer
from launcher.processes import Identity
from tests.invoicing_pdf.samples import EPOCH, read

PAGE = "<!doctype html><html lang='en'><title>t</title><p>{}"
STALLS = "<!doctype html><html lang='en'><title>t</title>" + "<table><tr><td>" * 300
QUICK_TO_END = """
import socket, sys
from invoicing.pdf import worker
worker.IDLE_SECONDS = 0.05
sys.exit(worker.serve(socket.socket(fileno=0), sys.stderr))
"""


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    made = Renderer()
    yield made
    made.close()


def running(renderer: Renderer) -> int:
    assert renderer._process is not None
    return renderer._process.pid


def test_one_process_makes_many_and_each_is_as_if_it_were_the_first(renderer: Renderer) -> None:
    first = render_pdf(PAGE.format("one"), epoch=EPOCH, renderer=renderer)
    process = running(renderer)
    render_pdf(PAGE.format("two"), epoch=EPOCH + 86_400, renderer=renderer)

    assert render_pdf(PAGE.format("one"), epoch=EPOCH, renderer=renderer) == first
    assert running(renderer) == process


def test_where_it_was_killed_another_is_started(renderer: Renderer) -> None:
    first = render_pdf(PAGE.format("one"), epoch=EPOCH, renderer=renderer)
    killed = running(renderer)
    os.kill(killed, signal.SIGKILL)

    assert render_pdf(PAGE.format("one"), epoch=EPOCH, renderer=renderer) == first
    assert running(renderer) != killed


def test_idle_it_ends_by_itself_and_nobody_notices() -> None:
    renderer = Renderer((sys.executable, "-c", QUICK_TO_END))
    for text in ("one", "two"):
        pdf = render_pdf(PAGE.format(text), epoch=EPOCH, renderer=renderer)
        assert text in read(pdf).pages[0].extract_text()
        assert renderer._process is not None
        assert renderer._process.wait(timeout=20) == 0
    renderer.end()


def test_it_ends_with_the_one_who_asks() -> None:
    program = (
        "from invoicing.pdf.renderer import RENDERER as r; from invoicing.pdf.render import *\n"
        "check_pdf(); print(r._process.pid, flush=True); import os; os._exit(9)"
    )
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    worker = int(asked.stdout)

    for _ in range(200):
        if not _lives(worker):
            return
        time.sleep(0.05)
    raise AssertionError(f"process {worker} outlived the one it worked for")


def _lives(process: int) -> bool:
    identity = Identity.of(process)
    return identity is not None and identity.runs()


def test_a_page_that_fails_costs_the_next_one_nothing(renderer: Renderer) -> None:
    ended = renderer.make(b"\xff", epoch=EPOCH, timeout_seconds=60)  # no UTF-8
    assert ended.code == 1
    assert b"UnicodeDecodeError" in ended.said
    process = running(renderer)

    pdf = render_pdf(PAGE.format("after"), epoch=EPOCH, renderer=renderer)

    assert "after" in read(pdf).pages[0].extract_text()
    assert running(renderer) == process


def test_one_that_takes_too_long_is_ended_with_its_child(renderer: Renderer) -> None:
    render_pdf(PAGE.format("one"), epoch=EPOCH, renderer=renderer)
    stalled = running(renderer)

    with pytest.raises(PdfTimedOut):
        render_pdf(STALLS * 20, epoch=EPOCH, timeout_seconds=0.3, renderer=renderer)

    assert not _lives(stalled)
    group = subprocess.run(["pgrep", "-g", str(stalled)], capture_output=True, check=False)
    assert not [number for number in group.stdout.split() if _lives(int(number))]
    render_pdf(PAGE.format("one"), epoch=EPOCH, renderer=renderer)


def test_threads_take_turns(renderer: Renderer) -> None:
    made: dict[int, bytes] = {}

    def make(number: int) -> None:
        made[number] = render_pdf(PAGE.format(f"no {number}"), epoch=EPOCH, renderer=renderer)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    for number in range(4):
        assert f"no {number}" in read(made[number]).pages[0].extract_text()


def test_a_fork_starts_its_own(renderer: Renderer) -> None:
    render_pdf(PAGE.format("one"), epoch=EPOCH, renderer=renderer)
    theirs = running(renderer)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        pdf = render_pdf(PAGE.format("child"), epoch=EPOCH, renderer=renderer)
        os.write(writing, f"{pdf[:5]!r} {running(renderer) != theirs}".encode())
        renderer.end()
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reading, 100) == b"b'%PDF-' True"
    render_pdf(PAGE.format("one"), epoch=EPOCH, renderer=renderer)
    assert running(renderer) == theirs
