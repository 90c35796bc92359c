"""Requests over a few kept connections, sent by wrk: a client that costs as little as pgbench does.

The requests are bytes that were made beforehand, each connection sends the next after an answer.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

THREADS: Final = 2
INSTALL: Final = "apt-get update && apt-get install -y wrk"

# Each thread has its own share of the messages, of which the next begins where the last has ended.
# A message of wrk's own first look at the script belongs to no thread, and is sent by none.
SCRIPT: Final = """
local threads = 0
function setup(thread)
    thread:set("mine", threads)
    threads = threads + 1
end
function init(args)
    local sizes, bytes = io.open(args[1]), io.open(args[2], "rb")
    messages, turns = {}, args[3] == "turns"
    local number = 0
    for size in sizes:lines() do
        local message = bytes:read(tonumber(size))
        if number % %THREADS% == (mine or 0) then messages[#messages + 1] = message end
        number = number + 1
    end
    place = turns and math.random(#messages) or 0
end
function request()
    place = place + 1
    if turns and place > #messages then place = 1 end
    return messages[place] or error("out of messages")
end
function done(summary, latency, requests)
    local failed = summary.errors
    print(string.format(
        'TOLD {"requests": %d, "microseconds": %d, "median": %d, "tail": %d, "failed": %d}',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        failed.connect + failed.read + failed.write + failed.status + failed.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What was answered: how often a second, and the microseconds of the median and the 99th."""

    requests: int
    rate: float
    median: float
    p99: float

    @property
    def tail(self) -> float:
        """The 99th percentile as a multiple of the median."""
        return self.p99 / self.median


def send(
    port: int, messages: Sequence[bytes], *, clients: int, seconds: int, once: bool = False
) -> Load:
    """Keep so many connections busy, with each message `once` or with all in turns.

    Ends the program where wrk is missing, an answer is none of 2xx, or messages run out.
    """
    with tempfile.TemporaryDirectory() as folder:
        script, sizes, content = (Path(folder) / name for name in ("lua", "sizes", "messages"))
        script.write_text(SCRIPT.replace("%THREADS%", str(THREADS)))
        sizes.write_text("".join(f"{len(message)}\n" for message in messages))
        content.write_bytes(b"".join(messages))
        said = _run(
            *("-t", str(THREADS), "-c", str(clients), "-d", f"{seconds}s", "--timeout", "30s"),
            *("-s", str(script), f"http://127.0.0.1:{port}", "--"),
            *(str(sizes), str(content), "once" if once else "turns"),
        )
    if said["failed"]:
        sys.exit(f"{said['failed']} of {said['requests']} requests failed.")
    rate = said["requests"] / said["microseconds"] * 1e6
    return Load(said["requests"], rate, said["median"], said["tail"])


def _run(*arguments: str) -> dict[str, Any]:
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.exit(f"The requests are sent by wrk. As root run: {INSTALL}")
    done = subprocess.run([wrk, *arguments], capture_output=True, text=True, check=False)
    told = [line for line in done.stdout.splitlines() if line.startswith("TOLD ")]
    if not told:
        sys.exit(done.stdout + done.stderr)
    said: dict[str, Any] = json.loads(told[-1].removeprefix("TOLD "))
    return said
