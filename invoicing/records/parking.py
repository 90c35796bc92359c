"""Accounts that the billing run leaves alone, until somebody has looked."""

from __future__ import annotations

from django.db import models

from billing.models import Account


class ParkedAccount(models.Model):
    """An account whose step failed or is implausible. Its due work waits for its release.

    `step` names the work, `step_due_at` the instant at which that was due; `code` is the error's.
    `since` is the account's time.
    """

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="parked"
    )
    code = models.CharField(max_length=64)
    reason = models.CharField(max_length=2000)
    step = models.CharField(max_length=32)
    step_due_at = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_id}: {self.code}"
