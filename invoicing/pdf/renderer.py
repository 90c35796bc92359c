"""The process that makes PDFs, from the side of those who ask: started at need, kept, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from billing.kernel import cores
from invoicing.pdf.errors import PdfTimedOut

ROOT: Final = Path(__file__).resolve().parents[2]
WORKER: Final = (sys.executable, "-m", "invoicing.pdf.worker")
INHERITED: Final = frozenset(
    {"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "LD_LIBRARY_PATH", "FONTCONFIG_PATH"}
)
"""All that the worker sees of our environment: where its libraries and caches are, no secrets."""
CLOSE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How the making of a PDF ended: its exit code or minus its signal, bytes, last words."""

    code: int
    written: bytes
    said: bytes


class Renderer:
    """One worker of this process's own, for one page at a time; others wait for their turn.

    It is started by the first page, and again where it has ended: it does so by itself when it
    was idle for a while. After a fork the child starts another.
    """

    def __init__(self, command: Sequence[str] = WORKER) -> None:
        self.command = command
        self._turn = threading.Lock()
        self._owner = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._errors: IO[bytes] | None = None
        os.register_at_fork(after_in_child=self._forget)

    def make(self, page: bytes, *, epoch: int, timeout_seconds: float) -> Ended:
        """Have one made. Raises PdfTimedOut; the worker is then ended with what it was at."""
        with (
            self._turn,
            tempfile.TemporaryFile() as source,
            tempfile.TemporaryFile() as target,
            tempfile.TemporaryFile() as errors,
        ):
            source.write(page)
            source.flush()
            source.seek(0)
            files = [source.fileno(), target.fileno(), errors.fileno()]
            code = self._ask(files, epoch, timeout_seconds)
            if code is None:  # it had just ended for idleness, or cannot start
                self.end()
                code = self._ask(files, epoch, timeout_seconds)
            if code is None:
                return self._died()
            target.seek(0)
            errors.seek(0)
            return Ended(code, target.read(), errors.read())

    def close(self) -> None:
        """Let the worker end when it has answered; the next page starts another."""
        with self._turn:
            if self._channel is not None and self._process is not None:
                self._channel.close()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(timeout=CLOSE_SECONDS)
            self.end()

    def end(self) -> None:
        """End the worker, and the child that it may have, if it runs."""
        process, channel, errors = self._process, self._channel, self._errors
        self._process = self._channel = self._errors = None
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if channel is not None:
            channel.close()
        if errors is not None:
            errors.close()

    def _ask(self, files: Sequence[int], epoch: int, timeout_seconds: float) -> int | None:
        """Return how the child for these files ended, or None where the worker ended before."""
        channel = self._started()
        channel.settimeout(timeout_seconds)
        try:
            socket.send_fds(channel, [str(epoch).encode()], files)
            answer = channel.recv(64)
        except TimeoutError as error:
            self.end()
            raise PdfTimedOut(timeout_seconds) from error
        except ConnectionError:
            return None
        return int(answer) if answer else None

    def _started(self) -> socket.socket:
        if self._channel is not None and self._process is not None:
            if self._process.poll() is None:
                return self._channel
            self.end()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 — it lives as long as the worker
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
                self.command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd=ROOT,
                env=_environment(),
                start_new_session=True,
            )
        cores.give_all_to(self._process.pid)
        self._channel = ours
        return ours

    def _died(self) -> Ended:
        """Return how a worker ended that never answered."""
        assert self._process is not None
        assert self._errors is not None
        code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read()
        self.end()
        return Ended(code, b"", said)

    def _forget(self) -> None:
        """In a fork of ours: the worker is the parent's, and so is whose turn it is."""
        self._turn = threading.Lock()
        if self._channel is not None:
            self._channel.close()
        self._process = self._channel = self._errors = None


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in INHERITED}
    return kept | {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


RENDERER: Final = Renderer()
