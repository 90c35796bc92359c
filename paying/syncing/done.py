"""What came of an event, and whose it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from billing.models import Account


@dataclass(frozen=True, slots=True)
class Done:
    """`outcome` is for the back office; `status` is Stripe's word for the object now.

    `drift` says what of ours differs from it still, after it was taken over: "" for nothing.
    `beside` are things that were seen with it: (kind, id, what came of them).
    """

    outcome: str
    account_id: UUID | None = None
    status: str = ""
    is_ours: bool = True
    drift: str = ""
    beside: tuple[tuple[str, str, Done], ...] = ()


NOT_THERE: Final = "Stripe does not have it"
NOT_OURS: Final = Done("of nobody whom we know", is_ours=False)
GONE: Final = Done("of nobody whom we know", is_ours=False, drift=NOT_THERE)
"""Nothing of that id is at Stripe: what we know of differs."""


def account_of(customer_id: str) -> Account | None:
    """Return the account that Stripe's customer is; of several with one customer the oldest."""
    if not customer_id:
        return None
    rows = Account.objects.select_related("test_clock").filter(stripe_customer_id=customer_id)
    return rows.order_by("created_at", "pk").first()
