"""The first sign-in of the back office: made once, never changed afterwards."""

from __future__ import annotations

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Make the back office's user `admin` with BILLING_ADMIN_PASSWORD, if there is none."

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model().objects
        if users.filter(username="admin").exists():
            self.stdout.write("The user admin exists.")
            return
        password = os.environ.get("BILLING_ADMIN_PASSWORD", "")
        if len(password) < 12:
            raise CommandError("BILLING_ADMIN_PASSWORD must have at least 12 characters.")
        users.create_superuser(username="admin", email="", password=password)
        self.stdout.write("The user admin was made.")
