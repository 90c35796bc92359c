"""What a tenant's page shows of its paying through Stripe."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.admin import formatting
from billing.admin.panels import Panel, account_panel
from billing.models import Account
from paying.admin.links import at_stripe
from paying.models import Collection, Profile, Receipt
from paying.records import CollectionStatus, Mode, Way


@account_panel
def stripe_panel(account: Account) -> Panel:
    """Who asks for the money, the card, what is being collected and what was received last."""
    if not account.stripe_customer_id:
        return Panel(title=_("Stripe"), empty=_("Not known to Stripe."))
    profile = Profile.objects.filter(pk=account.pk).first() or Profile(account=account)
    running = Collection.objects.filter(account=account).exclude(status=CollectionStatus.ENDED)
    rows: list[list[Any]] = [
        [_("Customer"), at_stripe(account.stripe_customer_id)],
        [_("Who asks for the money"), Mode(profile.mode).label],
        [_("Stripe is given"), Way(profile.way).label],
        [_("Card on file"), profile.payment_method or formatting.NONE],
        *(
            [
                formatting.link("paying_collection_change", row.invoice, row.pk),
                formatting.status_label(row.status),
            ]
            for row in running.select_related("invoice").order_by("-created_at")[:5]
        ),
        *(
            [at_stripe(row.stripe_id), formatting.money(row.amount_minor, row.currency)]
            for row in Receipt.objects.filter(account=account).order_by("-created_at")[:5]
        ),
    ]
    return Panel(title=_("Stripe"), rows=rows)
