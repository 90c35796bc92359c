"""The API document as the system makes it, for tests that read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.module_loading import import_string

SNAPSHOT: Final = Path(settings.ROOT) / "docs" / "openapi.json"


def generate() -> Any:
    """Make the document anew, and bring it through JSON as a reader gets it."""
    generator = import_string(settings.SPECTACULAR_SETTINGS["DEFAULT_GENERATOR_CLASS"])
    return json.loads(json.dumps(generator().get_schema(request=None, public=True)))
