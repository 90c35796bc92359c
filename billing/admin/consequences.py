"""What the deletion of a customer will do, said before it is done. Each app tells its own part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from billing.models import ApiKey, AuditEntry, Subscription


@dataclass(frozen=True, slots=True)
class Consequence:
    """So many of these, and what becomes of them."""

    what: Any
    count: int
    fate: Any


Teller = Callable[[Sequence[UUID]], list[Consequence]]
CONSEQUENCES: Final[list[Teller]] = []
"""Called with the ids of all accounts of the customer, in the order in which things are done."""


def consequence(function: Teller) -> Teller:
    """Have this told too."""
    CONSEQUENCES.append(function)
    return function


def consequences_of(account_ids: Sequence[UUID]) -> list[Consequence]:
    return [told for tell in CONSEQUENCES for told in tell(account_ids)]


@consequence
def of_the_engine(account_ids: Sequence[UUID]) -> list[Consequence]:
    """Subscriptions and keys go at once, names in the log later."""
    live = Subscription.objects.live().filter(account_id__in=account_ids)
    keys = ApiKey.objects.filter(account_id__in=account_ids, revoked_at__isnull=True)
    entries = AuditEntry.objects.filter(account_id__in=account_ids)
    return [
        Consequence(_("Subscriptions"), live.count(), _("end now; what was used is not invoiced")),
        Consequence(_("API keys of its tenants"), keys.count(), _("are revoked now")),
        Consequence(_("Entries of the audit log"), entries.count(), _("stay, without names")),
    ]
