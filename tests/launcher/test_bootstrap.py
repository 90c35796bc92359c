"""Which Python the commands take, of those that are found."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNS, MAKES_PIP, IS_OPTIMIZED = "version_info", "ensurepip", "CONFIG_ARGS"


def found_among(pythons: list[tuple[str, set[str]]], folder: Path, **environ: str) -> str:
    """Return the name of the one that is taken; each answers yes to the questions that it can."""
    paths = []
    for name, can in pythons:
        path = folder / name
        questions = "".join(f"*{word}*) exit 0;; " for word in sorted(can))
        path.write_text(
            f'#!/bin/bash\ncase "$2" in *"print(sys.executable)"*) echo "$0";; {questions}'
            "*) exit 1;; esac\n"
        )
        path.chmod(0o755)
        paths.append(str(path))
    script = (
        f'source bin/.bootstrap; candidates() {{ printf "%s\\n" {" ".join(paths)}; }}; find_python'
    )
    done = subprocess.run(
        ["bash", "-c", script, "bin/test"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.strip()).name


@pytest.mark.parametrize(
    ("pythons", "taken"),
    [
        ([("new", {RUNS, MAKES_PIP}), ("old", {RUNS, MAKES_PIP})], "new"),
        ([("new", {RUNS, MAKES_PIP}), ("fast", {RUNS, MAKES_PIP, IS_OPTIMIZED})], "fast"),
        ([("fast", {RUNS, IS_OPTIMIZED}), ("new", {RUNS, MAKES_PIP})], "new"),
        ([("ancient", {MAKES_PIP, IS_OPTIMIZED}), ("bare", {RUNS})], "bare"),
        (
            [
                ("fast", {RUNS, MAKES_PIP, IS_OPTIMIZED}),
                ("second", {RUNS, MAKES_PIP, IS_OPTIMIZED}),
            ],
            "fast",
        ),
    ],
)
def test_one_that_makes_pip_then_one_that_is_fast_then_the_newest_is_taken(
    tmp_path, pythons, taken
):
    assert found_among(pythons, tmp_path) == taken


def test_the_one_that_the_caller_names_is_taken_before_all(tmp_path):
    fast = ("fast", {RUNS, MAKES_PIP, IS_OPTIMIZED})
    named = tmp_path / "named"
    named.write_text('#!/bin/bash\ncase "$2" in *print*) echo "$0";; esac\n')
    named.chmod(0o755)

    assert found_among([fast], tmp_path, BILLING_PYTHON=str(named)) == "named"
