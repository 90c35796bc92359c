"""Under this name the package changed its tables; 0001_initial makes them as they were after it."""

from __future__ import annotations

from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("djstripe", "0001_initial")]
    operations: list[Any] = []
