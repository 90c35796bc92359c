"""Where things are: the project's root, and the data folder of one installation."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from launcher.errors import LaunchError

ROOT: Final = Path(__file__).resolve().parents[1]


def chosen_data_dir(option: str | None) -> Path:
    """Return the data folder: --data-dir, else BILLING_DATA_DIR, else .data in the project.

    A relative path is taken from where the caller stood, as `bin/…` moved to the project's root.
    """
    given = option or os.environ.get("BILLING_DATA_DIR") or ""
    if not given:
        return ROOT / ".data"
    return (Path(os.environ.get("BILLING_CALLER_DIR") or Path.cwd()) / given).resolve()


@dataclass(frozen=True, slots=True)
class DataFolder:
    """All that one installation keeps. Ours alone: mode 0700."""

    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def ports(self) -> Path:
        return self.root / "ports.json"

    @property
    def run(self) -> Path:
        return self.root / "run.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        return self.root / "valkey"

    @property
    def static(self) -> Path:
        return self.root / "static"

    @property
    def beat_schedule(self) -> Path:
        return self.root / "beat" / "schedule"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def exists(self) -> bool:
        return self.root.is_dir()

    def refuse_strangers(self) -> None:
        """Raise LaunchError if the folder is another user's: no half start that mixes owners."""
        try:
            owner = self.root.stat().st_uid
        except FileNotFoundError:
            return
        except PermissionError:
            raise LaunchError(
                f"{self.root} cannot be read by this user; give --data-dir a folder of your own."
            ) from None
        if owner != os.geteuid():
            raise LaunchError(
                f"{self.root} belongs to {user_name(owner)}: start it as that user, "
                "or give --data-dir a folder of your own."
            )

    def make(self) -> None:
        """Make the folder and its parts. Raises LaunchError if that cannot be."""
        self.refuse_strangers()
        try:
            for folder in (self.root, self.logs, self.valkey, self.static, self.root / "beat"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.root.chmod(0o700)
        except OSError as error:
            raise LaunchError(
                f"{self.root} cannot be made ({error.strerror}); "
                "give --data-dir a folder that you may write to."
            ) from None


def user_name(uid: int) -> str:
    """Return an account's name, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
