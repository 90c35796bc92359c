"""How an account pays through Stripe."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models import Account


class Mode(models.TextChoices):
    """Who asks for the money: one of the two, never both."""

    COLLECT = "COLLECT", _("we invoice, Stripe collects")
    LEAD = "LEAD", _("Stripe's subscription leads, ours follows")


class Way(models.TextChoices):
    """What Stripe is given of an invoice that it collects."""

    INTENT = "INTENT", _("a payment of the amount due")
    INVOICE = "INVOICE", _("an invoice with our lines")


class Profile(models.Model):
    """An account's way of paying. Without a row: COLLECT by INTENT, once it is linked to Stripe.

    `asked` is what Stripe is asked to make of a customer, the same at each repetition, from
    `asked_at` (real time) until the account is linked; then it is emptied. `payment_method` is
    the customer's default as Stripe last said it. `chosen` says that staff set the mode. From
    `tell_at` (real time; a trigger sets it) Stripe is to be told what changed of the customer.
    """

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="paying"
    )
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.COLLECT)
    way = models.CharField(max_length=8, choices=Way.choices, default=Way.INTENT)
    chosen = models.BooleanField(default=False)
    asked = models.JSONField(default=dict, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    payment_method = models.CharField(max_length=255, blank=True)
    tell_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("way of paying")
        verbose_name_plural = _("ways of paying")
        indexes = [
            models.Index(
                fields=["tell_at"], condition=Q(tell_at__isnull=False), name="profile_tell"
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="profile_mode_is_known", condition=Q(mode__in=["COLLECT", "LEAD"])
            ),
            models.CheckConstraint(
                name="profile_way_is_known", condition=Q(way__in=["INTENT", "INVOICE"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} ({self.mode})"
