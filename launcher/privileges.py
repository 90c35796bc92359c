"""How Postgres, which refuses to run as root, is run by root.

In a user namespace root looks like an ordinary user to Postgres and nothing else on the machine
changes. Where the kernel or a container refuses namespaces, an unprivileged account runs it, with
programs and data in a place that this account can reach: a clone below a private home is not one.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from launcher.errors import LaunchError

NAMESPACE: Final = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
SHARED: Final = Path("/var/lib")


@dataclass(frozen=True, slots=True)
class Runner:
    """How to run Postgres's programs: a prefix, their home, the account that owns the data."""

    prefix: tuple[str, ...]
    home: Path
    account: pwd.struct_passwd | None = None

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self.prefix, str(self.home / "bin" / program), *arguments]

    def hand_over(self, path: Path) -> None:
        """Give a file or folder to the account that runs Postgres."""
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)


def namespaces_work() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False)
    return tried.returncode == 0


def runner(home: Path, data: Path) -> Runner:
    """Return how Postgres runs here. `data` becomes a link where the data must stand elsewhere.

    Raises LaunchError where root can neither make a namespace nor drop its rights.
    """
    if os.geteuid() != 0:
        return Runner((), home)
    refused = os.environ.get("BILLING_NO_NAMESPACE") == "1"
    if not data.is_symlink() and not refused and namespaces_work():
        return Runner(NAMESPACE, home)
    return _as_account(home, data)


def _account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LaunchError(
        "Postgres does not run as root, and there is no account postgres or nobody to run it: "
        "start as an ordinary user, or give DATABASE_URL."
    )


def _as_account(home: Path, data: Path) -> Runner:
    if shutil.which("setpriv") is None:
        raise LaunchError(
            "Postgres does not run as root, and neither user namespaces nor setpriv are here: "
            "start as an ordinary user, or give DATABASE_URL."
        )
    account = _account()
    key = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    place = SHARED / f"billing-{key}"
    place.mkdir(mode=0o755, exist_ok=True)
    # The libraries beside the programs are found by relative paths: both folders move together.
    source, target = home.parent.parent, place / "programs"
    version = f"{home.stat().st_mtime_ns}"
    stamp = place / "programs.version"
    if not stamp.exists() or stamp.read_text() != version:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(home, target / home.parent.name / home.name, symlinks=True)
        libraries = source / f"{home.parent.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, target / libraries.name)
        stamp.write_text(version)
    _link(data, place / "data", account)
    prefix = ("setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    return Runner((*prefix, "--pdeathsig=INT"), target / home.parent.name / home.name, account)


def _link(data: Path, real: Path, account: pwd.struct_passwd) -> None:
    if data.is_symlink():
        return
    if data.exists():
        raise LaunchError(
            f"{data} was made where user namespaces worked, and here they are refused: "
            f"move it to {real}, owned by {account.pw_name}, and put a link in its place."
        )
    real.mkdir(mode=0o700, exist_ok=True)
    os.chown(real, account.pw_uid, account.pw_gid)
    data.symlink_to(real)
