"""How the comparison with Stripe went."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reconciliation(models.Model):
    """One comparison with Stripe: which events it looked at, what it found missing, what it mended,
    of how many objects ours differs still.

    `since` and `until` are the stretch of Stripe's events that it covered, half-open, real time.
    """

    since = models.DateTimeField()
    until = models.DateTimeField()
    events = models.PositiveIntegerField(default=0)
    missed = models.PositiveIntegerField(default=0)
    drifting = models.PositiveIntegerField(default=0)
    objects_read = models.PositiveIntegerField(default=0)
    is_whole = models.BooleanField(default=True)
    failure = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("comparison with Stripe")
        verbose_name_plural = _("comparisons with Stripe")
        indexes = [models.Index(fields=["-at"], name="reconciliation_at")]

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M} – {self.until:%Y-%m-%d %H:%M}"
