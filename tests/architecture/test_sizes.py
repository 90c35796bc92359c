"""No file is longer than 300 lines, no function longer than 40; every app says what it owns."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.ours import APPS, ROOT

PACKAGES = (*APPS, "benchmarks", "config", "launcher", "tests")
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40

FILES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts and "node_modules" not in path.parts
)


def long_functions(source: str) -> list[tuple[str, int]]:
    """Return (name, lines) of functions that are too long, decorators and docstring not counted."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            says = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            documented = (first.end_lineno or 0) - first.lineno + 1 if says else 0
            lines = (node.end_lineno or 0) - node.lineno + 1 - documented
            if lines > MAX_FUNCTION_LINES:
                found.append((node.name, lines))
    return found


def test_there_are_files_to_look_at() -> None:
    assert len(FILES) > 100


def test_no_file_is_too_long() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in FILES
    }

    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    found = {
        str(path.relative_to(ROOT)): long_functions(path.read_text(encoding="utf-8"))
        for path in FILES
    }

    assert {name: functions for name, functions in found.items() if functions} == {}


def test_a_function_that_is_too_long_would_be_found() -> None:
    body = "\n".join(f"    x = {n}" for n in range(MAX_FUNCTION_LINES))

    assert long_functions(f"def brief():\n    x = 1\n\n\ndef long():\n{body}\n") == [
        ("long", MAX_FUNCTION_LINES + 1)
    ]


@pytest.mark.parametrize("app", APPS)
def test_every_app_says_what_it_owns(app: str) -> None:
    text = (ROOT / app / "README.md").read_text(encoding="utf-8")

    assert "Owns" in text
    assert "Does not own" in text


def test_no_module_has_a_name_without_a_meaning() -> None:
    nameless = {"utils.py", "helpers.py", "common.py", "misc.py"}

    assert [str(path) for path in FILES if path.name in nameless] == []
