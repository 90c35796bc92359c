"""The stand-in for Stripe that `bin/up --stripe-sandbox` runs beside the system."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from launcher import ports, runstate
from launcher.errors import LaunchError
from launcher.paths import ROOT, DataFolder
from launcher.processes import Program

WEBHOOK: Final = "/api/v1/billing/stripe/webhook"


@dataclass(frozen=True, slots=True)
class StripeSandbox:
    """Where it listens and what it and the system share; made anew at each start."""

    folder: DataFolder
    port: int
    key: str = field(default_factory=lambda: f"sk_test_{secrets.token_hex(24)}")
    signing_secret: str = field(default_factory=lambda: f"whsec_{secrets.token_hex(24)}")

    @classmethod
    def planned(cls, folder: DataFolder, environ: Mapping[str, str]) -> Self:
        """Choose its port. Raises LaunchError where it can't be."""
        refuse_contradictions(environ)
        return cls(folder, ports.choose())

    @property
    def url(self) -> str:
        return f"http://{ports.HOST}:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What points the system to it."""
        return {
            "STRIPE_API_HOST": self.url,
            "STRIPE_SECRET_KEY": self.key,
            "STRIPE_WEBHOOK_SECRET": self.signing_secret,
        }

    def program(self, web: str) -> Program:
        """Return the command that runs it; it tells its events to the web at this address."""
        command = [
            *(sys.executable, "-m", "tests.stripe_sandbox", "--port", str(self.port)),
            *("--webhook-url", f"{web}{WEBHOOK}", "--from-environment"),
            *("--state", str(self.folder.root / "stripe-sandbox.state")),
        ]
        environment = {**self.settings, "PYTHONUNBUFFERED": "1", "PATH": "/usr/bin:/bin"}
        return Program("stripe", command, environment, self.folder.log("stripe"))


def refuse_contradictions(environ: Mapping[str, str]) -> None:
    """Raise LaunchError where the tests are not here, or where Stripe is set already."""
    if environ.get("STRIPE_SECRET_KEY"):
        raise LaunchError(
            "STRIPE_SECRET_KEY is set, and --stripe-sandbox would put its own in its place: "
            "unset the one, or leave out the other."
        )
    if not (ROOT / "tests" / "stripe_sandbox").is_dir():
        raise LaunchError("The sandbox is part of the tests, which are not installed here.")


def of_running(folder: DataFolder) -> dict[str, str]:
    """Return the settings of the sandbox that runs on the folder; none if none does."""
    state = runstate.read(folder) if folder.exists() and runstate.is_held(folder) else None
    found = {} if state is None else state.facts.get("stripe", {})
    return dict(found) if isinstance(found, dict) else {}
