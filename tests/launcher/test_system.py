"""The life of a real system in a folder of its own: started, crashed, killed, stopped."""

import os
import re
import socket
import subprocess
import sys
import urllib.request

import pytest

from launcher import ports, processes, readiness, runstate
from launcher.paths import ROOT, DataFolder
from launcher.processes import Identity

pytestmark = pytest.mark.slow


class Launcher:
    """Runs `bin/up` and `bin/manage` (but for their bootstrap) on one data folder."""

    def __init__(self, folder: DataFolder, clean: dict[str, str], port: int) -> None:
        self.folder, self.port = folder, port
        self._environ = {**clean, "BILLING_DATA_DIR": str(folder.root)}

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "launcher", *arguments],
            cwd=ROOT,
            env={**self._environ, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def up(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run("up", "--empty", "--detach", "--port", str(self.port), *arguments, **more)

    def children(self) -> dict[str, Identity]:
        state = runstate.read(self.folder)
        return {} if state is None else state.children

    def is_ready(self) -> bool:
        return readiness.ask(self.port).ready


@pytest.fixture
def launcher(folder, clean):
    made = Launcher(folder, clean, ports.choose())
    yield made
    made.run("up", "--stop")


def test_a_system_starts_survives_crashes_and_ends(launcher):
    printed = launcher.up()
    assert (printed.returncode, printed.stderr) == (0, "")
    assert plans_as_printed(printed.stdout)
    assert set(launcher.children()) == {"postgres", "valkey", "web", "worker", "courier", "beat"}

    again = launcher.up()
    assert again.returncode == 0
    assert again.stdout.startswith(f"It runs already: http://127.0.0.1:{launcher.port} ")

    for name in ("web", "postgres", "valkey"):
        comes_back(launcher, name)
    doctor = launcher.run("manage", "doctor")
    assert doctor.returncode == 0, doctor.stdout

    survives_the_supervisor(launcher)
    before = launcher.children()
    assert launcher.run("up", "--stop").stdout == "Stopped.\n"
    assert [name for name, one in before.items() if one.runs()] == []
    assert launcher.run("up", "--status").returncode == 3

    shown = launcher.run("manage", "showmigrations", "billing")
    assert shown.returncode == 0
    assert "[ ]" not in shown.stdout
    assert "[X]" in shown.stdout
    assert not launcher.folder.run.exists()


def plans_as_printed(text: str) -> bool:
    """Do what the printed curl does."""
    command = re.search(r"curl -H '(Authorization): (Bearer \S+)' '(\S+)'", text)
    assert command is not None, text
    request = urllib.request.Request(command[3], headers={command[1]: command[2]})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bool(answer.status == 200)


def comes_back(launcher: Launcher, name: str) -> None:
    killed = launcher.children()[name]
    os.kill(killed.pid, 9)

    def is_back() -> bool:
        now = launcher.children().get(name)
        return now not in (None, killed) and launcher.is_ready()

    assert processes.wait_until(is_back, seconds=30, pause=0.2), name
    noted = launcher.folder.log("supervisor").read_text()
    assert f"{name} was ended by signal 9; starting it again in 0.5 s" in noted


def survives_the_supervisor(launcher: Launcher) -> None:
    state = runstate.read(launcher.folder)
    assert state is not None
    assert state.supervisor is not None
    os.kill(state.supervisor.pid, 9)

    assert launcher.up().returncode == 0
    assert launcher.is_ready()
    assert [name for name, one in state.children.items() if one.runs()] == []


def test_what_makes_a_start_impossible_is_said_in_one_line(launcher):
    with socket.create_server((ports.HOST, launcher.port)):
        taken = launcher.up()
    nowhere = launcher.up(DATABASE_URL="postgresql://a:b@127.0.0.1:9/none")
    launcher.folder.postgres.mkdir()
    (launcher.folder.postgres / "PG_VERSION").write_text("15\n")
    older = launcher.up()

    assert taken.stderr == (
        f"bin/up: Port {launcher.port} is taken by another program: "
        "end it, or choose another with --port.\n"
    )
    assert nowhere.stderr == (
        "bin/up: DATABASE_URL: no connection to 127.0.0.1:9 (Connection refused): "
        "mend the URL or the server, or unset it to use our own.\n"
    )
    assert re.fullmatch(
        r"bin/up: The database in \S+ is of Postgres 15, ours is 18: .*\n", older.stderr
    )
    assert [done.returncode for done in (taken, nowhere, older)] == [1, 1, 1]
    assert not launcher.folder.run.exists()
