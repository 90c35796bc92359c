"""Which apps are ours: those in the project's folder, so that a new one is looked at too."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.apps import apps

ROOT: Final = Path(__file__).resolve().parents[2]
APPS: Final = tuple(
    sorted(found.name for found in apps.get_app_configs() if (ROOT / found.name).is_dir())
)
