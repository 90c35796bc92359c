"""The operator's settings, checked before anything starts."""

from __future__ import annotations

from collections.abc import Mapping

from config import environment as declared
from launcher.errors import LaunchError

# What the launcher itself gives where the caller gave nothing.
STAND_INS = {
    "DATABASE_URL": "postgresql://ours@127.0.0.1/billing",
    "REDIS_URL": "redis://127.0.0.1/0",
    "SECRET_KEY": "x" * 32,
    "JWT_SECRET": "x" * 32,
}


def check(environ: Mapping[str, str]) -> None:
    """Raise LaunchError with one line for each variable that is wrong.

    An empty one counts as given, as it does for Django, but for those that we make ourselves.
    """
    given = {name: value for name, value in environ.items() if value or name not in STAND_INS}
    try:
        declared.read({**STAND_INS, **given})
    except declared.SettingsError as error:
        raise LaunchError(str(error)) from None
