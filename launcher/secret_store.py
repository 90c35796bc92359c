"""The random secrets of one installation: made once, kept with mode 0600."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from launcher import storage
from launcher.errors import LaunchError
from launcher.paths import DataFolder


@dataclass(frozen=True, slots=True)
class Secrets:
    """Each is random text that needs no quoting in a URL, a shell or a configuration file."""

    postgres_password: str
    owner_password: str
    app_password: str
    valkey_password: str
    secret_key: str
    jwt_secret: str
    admin_password: str
    first_user: str

    @classmethod
    def fresh(cls) -> Secrets:
        return cls(
            postgres_password=secrets.token_hex(24),
            owner_password=secrets.token_hex(24),
            app_password=secrets.token_hex(24),
            valkey_password=secrets.token_hex(24),
            secret_key=secrets.token_urlsafe(48),
            jwt_secret=secrets.token_urlsafe(48),
            admin_password=secrets.token_urlsafe(15),
            first_user=str(uuid.uuid4()),
        )


def load(path: Path) -> Secrets | None:
    """Return the kept secrets or None. Raises LaunchError if the file is broken."""
    if not path.exists():
        return None
    kept = storage.read(path)
    names = {field.name for field in fields(Secrets)}
    if set(kept) != names or not all(isinstance(value, str) for value in kept.values()):
        raise LaunchError(
            f"{path} is broken: put back a copy of it, or move {path.parent} away to begin anew."
        )
    return Secrets(**kept)


def load_or_make(folder: DataFolder) -> Secrets:
    """Return the installation's secrets, made at the first start.

    Raises LaunchError where a database stands without the secrets that open it.
    """
    kept = load(folder.secrets)
    if kept is not None:
        folder.secrets.chmod(0o600)
        return kept
    if (folder.postgres / "PG_VERSION").exists():
        raise LaunchError(
            f"{folder.secrets} is missing and the database in {folder.postgres} cannot be opened "
            f"without it: put it back, or move {folder.postgres} away to begin anew."
        )
    made = Secrets.fresh()
    storage.write(folder.secrets, asdict(made))
    return made
