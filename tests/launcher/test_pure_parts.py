"""The parts of the launcher that decide, without a server."""

import os
import stat
from pathlib import Path

import pytest

from launcher import (
    capacity,
    doctor,
    environment,
    postgres,
    readiness,
    secret_store,
    settings,
    storage,
    unchanged,
    valkey,
)
from launcher.commands import bench, first_steps, manage, test, up
from launcher.errors import LaunchError
from launcher.paths import DataFolder


def test_secrets_are_made_once_and_only_their_owner_reads_them(folder):
    made = secret_store.load_or_make(folder)

    assert secret_store.load_or_make(folder) == made
    assert stat.S_IMODE(folder.secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700
    assert len({made.owner_password, made.app_password, made.valkey_password}) == 3
    assert min(len(made.secret_key), len(made.jwt_secret)) >= 32


def test_modes_that_were_opened_are_closed_again(folder):
    secret_store.load_or_make(folder)
    folder.secrets.chmod(0o644)
    folder.root.chmod(0o755)

    folder.make()
    secret_store.load_or_make(folder)

    assert stat.S_IMODE(folder.secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700


def test_secrets_that_are_lost_under_a_database_stop_the_start(folder):
    folder.postgres.mkdir()
    (folder.postgres / "PG_VERSION").write_text("18\n")

    with pytest.raises(LaunchError, match=r"secrets\.json is missing"):
        secret_store.load_or_make(folder)

    assert not folder.secrets.exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"secret_key": "x"}', ""])
def test_broken_secrets_stop_the_start(folder, content):
    folder.secrets.write_text(content)

    with pytest.raises(LaunchError, match="is broken"):
        secret_store.load_or_make(folder)


def test_the_database_listens_on_loopback_only_and_keeps_what_it_commits():
    lines = postgres.render_config(port=15432).splitlines()

    assert "listen_addresses = '127.0.0.1'" in lines
    assert "unix_socket_directories = ''" in lines
    assert "port = 15432" in lines
    assert {"fsync = on", "synchronous_commit = on", "full_page_writes = on"} <= set(lines)
    assert postgres.HBA == "host all all 127.0.0.1/32 scram-sha-256\n"


def test_a_throw_away_database_does_not_sync():
    assert "fsync = off" in postgres.render_config(port=1, durable=False).splitlines()


@pytest.mark.parametrize(
    ("machine", "limit", "shared"),
    [
        ("MemTotal: 16777216 kB", "max", 4096),
        ("MemTotal: 16777216 kB", str(2 * 1024**3), 512),
        ("MemTotal: 16777216 kB", str(2**63 - 4096), 4096),
        ("MemTotal: 262144 kB", None, 128),
        ("MemTotal: 268435456 kB", None, 8192),
        ("nothing of the kind", None, 256),
    ],
)
def test_postgres_keeps_a_quarter_of_the_memory_that_we_may_use(tmp_path, machine, limit, shared):
    (tmp_path / "meminfo").write_text(f"MemFree: 1 kB\n{machine}\n")
    if limit is not None:
        (tmp_path / "memory.max").write_text(f"{limit}\n")

    total = capacity.total_mebibytes(tmp_path / "meminfo", (tmp_path / "memory.max",))

    assert capacity.shared_buffers(total) == shared


@pytest.mark.parametrize(
    ("disk", "size"), [(10 * 1024, "1024MB"), (60 * 1024, "3072MB"), (4 * 1024**2, "8192MB")]
)
def test_the_log_takes_a_twentieth_of_the_disk_at_most_but_for_the_smallest(disk, size):
    assert f"max_wal_size = '{size}'" in postgres.render_config(port=1, disk=disk).splitlines()


def test_the_size_of_a_disk_is_known_before_the_folder_is_made(tmp_path):
    assert (
        capacity.disk_mebibytes(tmp_path / "not" / "yet") == capacity.disk_mebibytes(tmp_path) > 0
    )


def test_the_queue_survives_and_is_never_evicted():
    lines = valkey.render_config(port=1, password="p", folder=Path("/d")).splitlines()

    assert {
        "bind 127.0.0.1",
        "requirepass p",
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
    } <= set(lines)


def test_every_wrong_setting_is_named_in_a_line_of_its_own():
    with pytest.raises(LaunchError) as raised:
        settings.check({"LOG_LEVEL": "LOUD", "BILLING_SECURE": "yes"})

    lines = str(raised.value).splitlines()
    assert [line.split()[0] for line in lines] == ["BILLING_SECURE", "LOG_LEVEL"]


def test_what_the_caller_set_goes_on_and_ours_stands_in(folder):
    secrets = secret_store.Secrets.fresh()
    environ = {"STRIPE_API_KEY": "sk", "SELLER_NAME": "We", "PGHOST": "x", "JWT_SECRET": "j" * 32}

    got = environment.for_django(
        environ,
        data=folder.root,
        secrets=secrets,
        addresses=environment.Addresses("postgresql://a", "postgresql://o", "redis://r"),
        settings="config.settings.prod",
    )

    assert (got["STRIPE_API_KEY"], got["SELLER_NAME"]) == ("sk", "We")
    assert (got["JWT_SECRET"], got["SECRET_KEY"]) == ("j" * 32, secrets.secret_key)
    assert got["DATABASE_URL"] == "postgresql://a"
    assert environment.for_migrations(got)["DATABASE_URL"] == "postgresql://o"
    assert "PGHOST" not in got


@pytest.mark.parametrize(
    ("allowed", "name"),
    [("", "127.0.0.1"), ("*", "127.0.0.1"), ("a.example, b", "a.example"), (".ex.org", "ex.org")],
)
def test_readiness_is_asked_under_a_name_that_is_answered(allowed, name):
    assert readiness.host_to_name(allowed) == name


@pytest.mark.parametrize(
    ("empty", "own", "later"), [(False, True, True), (True, True, False), (False, False, False)]
)
def test_only_the_first_start_of_our_own_database_decides_on_the_demo(folder, empty, own, later):
    first_steps.demo_wanted(folder, empty=empty, own_database=own)

    assert first_steps.demo_wanted(folder, empty=False, own_database=True) is later


def test_the_demo_is_loaded_once(folder):
    storage.write(folder.root / "demo.json", {"wanted": True, "loaded": True})

    assert not first_steps.demo_wanted(folder, empty=False, own_database=True)


def test_manage_takes_a_leading_data_dir_and_leaves_the_rest():
    assert manage.split(["--data-dir", "x", "token", "--data-dir"]) == (
        "x",
        ["token", "--data-dir"],
    )
    assert manage.split(["--data-dir=x", "check"]) == ("x", ["check"])
    assert manage.split(["check"]) == (None, ["check"])
    with pytest.raises(LaunchError, match="needs a folder"):
        manage.split(["--data-dir"])


@pytest.mark.parametrize("port", ["0", "65536", "-1", "8o", "٣", ""])
def test_what_is_no_port_is_refused(port, capsys):
    with pytest.raises(SystemExit):
        up.parser().parse_args(["--port", port])

    assert "give a number from 1 to 65535" in capsys.readouterr().err


def test_static_files_are_collected_again_when_one_changes(tmp_path):
    static = tmp_path / "app" / "static"
    static.mkdir(parents=True)
    (static / "a.css").write_text("a")
    before = unchanged.fingerprint(tmp_path)
    (tmp_path / ".data" / "static").mkdir(parents=True)
    (tmp_path / ".data" / "static" / "collected").write_text("x")

    assert unchanged.fingerprint(tmp_path) == before
    (static / "a.css").write_text("ab")
    assert unchanged.fingerprint(tmp_path) != before


def test_the_doctor_finds_an_open_folder_and_open_secrets(folder):
    secret_store.load_or_make(folder)
    folder.secrets.chmod(0o644)
    folder.root.chmod(0o750)

    failed = [finding for finding in doctor.modes(folder) if finding.level == doctor.FAIL]

    assert [finding.text.rpartition(": ")[2] for finding in failed] == [
        f"chmod 700 {folder.root}",
        f"chmod 600 {folder.secrets}",
    ]
    assert doctor.report(failed) == 1


def test_the_doctor_finds_packages_that_differ_from_the_lock(tmp_path):
    (tmp_path / ".venv").mkdir()
    (tmp_path / "requirements.lock").write_text("a==1")
    (tmp_path / ".venv" / ".billing-stamp").write_text("other\npython\n")

    assert doctor.environment_matches_lock(tmp_path).level == doctor.FAIL


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_another_user_is_refused_in_one_line(tmp_path):
    folder = DataFolder(tmp_path)
    os.chown(tmp_path, 65_534, 65_534)

    with pytest.raises(LaunchError) as raised:
        folder.make()

    assert "belongs to" in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_night_lives_at_least_two_thousand_histories_and_says_how_to_repeat_them(capsys):
    asked = test.nightly(["--seed", "7"])

    assert asked == [
        "tests/reference/test_histories.py",
        "--histories=2000",
        "--history-seed=7",
    ]
    assert capsys.readouterr().out == "bin/test nightly --histories 2000 --seed 7\n"


def test_each_night_has_a_seed_of_its_own():
    assert test.nightly([]) != test.nightly([])


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["limits", "--help"]])
def test_bench_says_which_benchmarks_there_are_and_runs_none(arguments, capsys):
    assert bench.main(arguments) == 0

    said = capsys.readouterr().out
    assert said.startswith("usage: bin/bench [NAME …] [OPTION …]\n")
    assert {"ingest", "limits", "run"} < set(bench.available())
    assert [name for name in bench.available() if f"  {name} " not in said] == []


def test_a_benchmark_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(LaunchError) as error:
        bench.main(["nope"])

    assert str(error.value) == f"There is no benchmark 'nope': {', '.join(bench.available())}."
