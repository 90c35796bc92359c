"""Asking our own web process whether all is there."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field

from launcher.ports import HOST


@dataclass(frozen=True, slots=True)
class Readiness:
    """What /readyz said: `failing` maps each check that is not ok to its reason."""

    ready: bool
    failing: dict[str, str] = field(default_factory=dict)

    def reason(self) -> str:
        return ", ".join(f"{name}: {why}" for name, why in self.failing.items()) or "no answer"


def ask(port: int, *, host: str = HOST, timeout: float = 5.0) -> Readiness:
    """Ask once. No answer, or one that is not ours, counts as not ready."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        response = connection.getresponse()
        body = response.read(65_536)
    except (OSError, http.client.HTTPException):
        return Readiness(ready=False, failing={"web": "does not answer yet"})
    finally:
        connection.close()
    if response.status == 200:
        return Readiness(ready=True)
    try:
        checks = json.loads(body)["checks"]
        failing = {name: str(why) for name, why in checks.items() if why != "ok"}
    except (ValueError, KeyError, TypeError, AttributeError):
        failing = {"web": f"/readyz answered {response.status}"}
    return Readiness(ready=False, failing=failing)


def host_to_name(allowed_hosts: str) -> str:
    """Return a name that the web process answers to, given its ALLOWED_HOSTS ("" if not set)."""
    names = [name.strip() for name in allowed_hosts.split(",") if name.strip()]
    if not names or "*" in names or HOST in names:
        return HOST
    return names[0].lstrip(".")
