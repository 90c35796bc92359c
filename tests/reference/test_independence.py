"""The calculator shares nothing with what it judges."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
SPEAKS_TO_THE_API = {"driver.py", "conftest.py", "strategies.py"}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_the_calculator_imports_only_python_and_itself() -> None:
    modules = [
        path
        for path in FOLDER.glob("*.py")
        if path.name not in SPEAKS_TO_THE_API and not path.name.startswith("test_")
    ]

    foreign = {
        (path.name, name)
        for path in modules
        for name in imports_of(path)
        if not name.startswith("tests.reference")
        and name.partition(".")[0] not in sys.stdlib_module_names
    }

    assert len(modules) > 8
    assert foreign == set()
