"""The tools that hold the rules do hold them: each rule is broken in a copy, and must be found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
CONFIG: dict[str, Any] = tomllib.loads(SETTINGS)["tool"]
CONTRACTS = {contract["name"] for contract in CONFIG["importlinter"]["contracts"]}
BANNED: dict[str, Any] = CONFIG["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]

BREACHES = {
    "Apps depend downwards only": ("billing/catalog/errors.py", "import tenants.models"),
    "Arithmetic knows no framework": ("billing/pricing/parts.py", "import django.db"),
    "The domain does not know HTTP": ("billing/catalog/errors.py", "import billing.http.errors"),
    "Only metering touches the usage tables": (
        "billing/catalog/errors.py",
        "import billing.metering.models",
    ),
    "Only the gateway talks to Stripe": ("customers/services/creation.py", "import stripe"),
    "Inside an app: entry points, then services, then models": (
        "tenants/models.py",
        "import tenants.services",
    ),
    "No cycles between siblings": ("invoicing/numbering.py", "import invoicing.run"),
}


def broken_contracts(cwd: Path) -> set[str]:
    """Run import-linter there; return the names of the contracts that it finds broken."""
    code = "from importlinter.cli import lint_imports_command as c; c(['--no-cache'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(cwd), "NO_COLOR": "1"},
        check=False,
        timeout=120,
    )
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    return {
        line.removesuffix(" BROKEN").strip()
        for line in done.stdout.splitlines()
        if line.endswith(" BROKEN")
    }


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("copy")
    for package in CONFIG["importlinter"]["root_packages"]:
        ignored = shutil.ignore_patterns("__pycache__", "static", "data", "fonts")
        shutil.copytree(ROOT / package, target / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


@pytest.mark.slow
def test_the_code_keeps_every_contract(copy: Path) -> None:
    assert broken_contracts(copy) == set()


def test_every_contract_has_its_breach_here() -> None:
    assert set(BREACHES) == CONTRACTS


@pytest.mark.slow
@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_of_a_contract_is_found(copy: Path, contract: str) -> None:
    name, line = BREACHES[contract]
    module = copy / name
    before = module.read_text(encoding="utf-8")
    module.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        assert contract in broken_contracts(copy)
    finally:
        module.write_text(before, encoding="utf-8")


def codes(source: str, name: str) -> list[str]:
    """Lint a snippet as if it stood at that path; return the codes of what is found."""
    done = subprocess.run(
        [
            "ruff",
            "check",
            "--output-format",
            "concise",
            "--no-cache",
            "--stdin-filename",
            name,
            "-",
        ],
        input=source,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=60,
    )
    return [line.split(" ")[1] for line in done.stdout.splitlines() if ".py:" in line]


@pytest.mark.parametrize("banned", BANNED)
def test_a_banned_name_is_found(banned: str) -> None:
    module, _, name = banned.rpartition(".")
    if module in {"datetime.datetime", "datetime.date"}:
        owner = module.rpartition(".")[2]
        source = f"from datetime import {owner}\n\nX = {owner}.{name}\n"
    else:
        source = f"from {module} import {name}\n\nX = {name}\n"

    assert "TID251" in codes(source, "billing/catalog/snippet.py")


def test_the_clock_itself_may_read_the_time() -> None:
    source = "from datetime import datetime\n\nX = datetime.now\n"

    assert "TID251" not in codes(source, "billing/kernel/clock.py")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("def f(a, b, c, d, e, g, h, i):\n    return a\n", "PLR0913"),
        ("print(1)\n", "T201"),
        ("try:\n    import x\nexcept Exception:\n    x = None\n", "BLE001"),
        ("X = 1  # " + "x" * 100 + "\n", "E501"),
        ("from datetime import datetime\n\nX = datetime(2026, 1, 1)\n", "DTZ001"),
    ],
)
def test_a_breach_of_a_style_rule_is_found(source: str, code: str) -> None:
    assert code in codes(source, "billing/catalog/snippet.py")
