"""What a process is like once it has loaded: its start is paid by every command and every test."""

from __future__ import annotations

import os
import subprocess
import sys

LOADED = """
import django, gc, sys
django.setup()
print(gc.isenabled(), gc.get_freeze_count() > 100_000)
print(sorted({"facturx", "pypdf", "weasyprint", "djstripe"} & set(sys.modules)))
"""


def test_the_collector_is_back_and_passes_over_what_was_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADED],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.prod"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.splitlines()[:1] == ["True True"], done.stderr
    assert done.stdout.splitlines()[1:] == ["[]"], "large, and for few of its requests"
