"""Processes, ports, logs and locks of the launcher, with real small processes."""

import os
import signal
import socket
import subprocess
import sys

from launcher import logs, ports, processes, runstate, storage
from launcher.backoff import Backoff
from launcher.paths import ROOT
from launcher.processes import Identity, Program


def test_a_crashing_process_is_tried_ever_more_slowly_and_a_steady_one_is_forgiven():
    backoff = Backoff()

    delays = [backoff.after_crash(ran_seconds=1) for _ in range(9)]

    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert backoff.after_crash(ran_seconds=60) == 0.5


def test_a_process_is_known_by_its_number_and_its_start():
    identity = Identity.of(os.getpid())

    assert identity is not None
    assert identity.runs()
    assert not Identity(identity.pid, identity.started + 1).runs()


def test_a_number_that_another_process_got_is_never_signalled():
    with subprocess.Popen(["sleep", "30"]) as stranger:
        true = Identity.of(stranger.pid)
        assert true is not None

        processes.end_all([Identity(true.pid, true.started - 1)], seconds=0.2)

        assert stranger.poll() is None
        stranger.kill()


def test_a_zombie_does_not_run():
    child = subprocess.Popen(["true"])
    assert processes.wait_until(lambda: Identity.of(child.pid) is None, seconds=5)
    child.wait()


def test_a_child_is_found_by_the_token_of_its_run(tmp_path):
    token = "0123456789abcdef-a-token-of-this-test"
    program = Program(
        "sleep",
        ["sleep", "30"],
        {"PATH": os.environ["PATH"], processes.RUN_VARIABLE: token},
        tmp_path / "log",
    )
    child = processes.spawn(program, cwd=tmp_path)

    assert processes.of_run(token) == [Identity.of(child.pid)]
    assert processes.of_run("") == []
    processes.stop(child, program)
    assert processes.of_run(token) == []


def test_a_child_that_heeds_no_signal_is_killed_with_what_it_began(tmp_path):
    script = "trap '' TERM; sleep 31 & wait; wait"
    program = Program(
        "stubborn",
        ["bash", "-c", script],
        {"PATH": os.environ["PATH"], processes.RUN_VARIABLE: "stubborn-token"},
        tmp_path / "log",
        stop_seconds=0.3,
    )
    child = processes.spawn(program, cwd=tmp_path)
    assert processes.wait_until(lambda: len(processes.of_run("stubborn-token")) == 2, seconds=5)

    processes.stop(child, program)

    assert child.returncode == -signal.SIGKILL
    assert processes.wait_until(lambda: not processes.of_run("stubborn-token"), seconds=5)


def test_a_child_dies_with_the_one_who_started_it(tmp_path):
    code = f"""
import os, signal
from pathlib import Path
from launcher import processes
program = processes.Program("s", ["sleep", "30"], dict(os.environ), Path({str(tmp_path / "log")!r}))
print(processes.spawn(program, cwd=Path("/")).pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    pid = int(killed.stdout)
    assert processes.wait_until(lambda: Identity.of(pid) is None, seconds=5)


def test_what_a_killed_run_left_is_ended_and_nothing_else(folder, tmp_path):
    stranger = subprocess.Popen(["sleep", "30"])
    left = runstate.RunState(folder)
    program = Program(
        "web", ["sleep", "30"], {processes.RUN_VARIABLE: left.token}, tmp_path / "log"
    )
    ours = processes.spawn(program, cwd=tmp_path)
    known, other = Identity.of(ours.pid), Identity.of(stranger.pid)
    assert known is not None
    assert other is not None
    left.children = {"web": known, "worker": Identity(other.pid, other.started - 1)}
    left.write()

    ended = runstate.clean_up(folder)

    assert ended == ["web"]
    assert ours.wait(5) == -signal.SIGTERM
    assert stranger.poll() is None
    assert not folder.run.exists()
    stranger.kill()
    stranger.wait()


def test_a_note_of_another_boot_means_nothing(folder):
    runstate.RunState(folder, children={"web": Identity(1, 1)}).write()
    content = storage.read(folder.run)
    storage.write(folder.run, {**content, "boot": "another"})

    assert runstate.read(folder) is None
    assert runstate.clean_up(folder) == []


def test_the_lock_is_held_by_one(folder):
    first, second = runstate.Lock(folder), runstate.Lock(folder)

    assert first.take()
    assert not second.take()
    assert runstate.is_held(folder)
    first.release()
    assert not runstate.is_held(folder)


def test_a_port_that_is_taken_is_chosen_anew():
    port = ports.choose()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ports.HOST, port))
        listener.listen(1)
        assert not ports.is_free(port)
        assert ports.choose(last=port) != port
    assert ports.choose(last=port) == port


def test_a_log_that_grew_is_put_aside_while_its_writer_holds_it(tmp_path):
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a" * 100)
        assert logs.rotate(log, limit_bytes=50)
        writer.write(b"later")

    assert log.read_bytes() == b"later"
    assert (tmp_path / "web.log.1").read_bytes() == b"a" * 100
    assert not logs.rotate(log, limit_bytes=50)


def test_no_more_than_three_old_logs_are_kept(tmp_path):
    log = tmp_path / "web.log"
    for number in range(6):
        log.write_text(f"{number}" * 10)
        logs.rotate(log, limit_bytes=5)

    kept = sorted(file.name for file in tmp_path.iterdir())
    assert kept == ["web.log", "web.log.1", "web.log.2", "web.log.3"]
    assert (tmp_path / "web.log.1").read_text() == "5" * 10
