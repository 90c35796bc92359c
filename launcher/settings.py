"""The operator's settings, checked before anything starts."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Final

from launcher.errors import LaunchError
from launcher.paths import ROOT

# What the launcher itself gives where the caller gave nothing.
STAND_INS: Final = {
    "DATABASE_URL": "postgresql://ours@127.0.0.1/billing",
    "REDIS_URL": "redis://127.0.0.1/0",
    "SECRET_KEY": "x" * 32,
    "JWT_SECRET": "x" * 32,
}


def declared() -> ModuleType:
    """Return config.environment, loaded by its file: its package would bring Celery and Django."""
    name = "launcher_declared_settings"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "config" / "environment.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def check(environ: Mapping[str, str]) -> None:
    """Raise LaunchError with one line for each variable that is wrong."""
    given = {name: value for name, value in environ.items() if value or name not in STAND_INS}
    settings = declared()
    try:
        settings.read({**STAND_INS, **given})
    except settings.SettingsError as error:
        raise LaunchError(str(error)) from None
