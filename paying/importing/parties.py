"""Customers become tenants, linked to them; what they have good becomes credit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from billing.accounts import audit
from billing.credits.models import CreditGrant
from billing.credits.services import grant_credit
from billing.kernel.errors import BillingError
from billing.kernel.ids import UUID_FORM
from billing.kernel.money import MINOR_DIGITS
from billing.kernel.services import service
from billing.models import Account
from billing.stripe.amounts import from_stripe
from paying.importing.rows import Outcome, Row
from tenants.services import add_tenant

LOCK: Final = 0x696D7074  # "impt": two imports at once make one tenant
PARTS: Final = {"postal_code": "postalCode"}


def take_customer(
    customer: Mapping[str, Any], *, currency: str, now: datetime, dry: bool
) -> tuple[Row, UUID | None]:
    """Return what came of a customer, and the account that it is; None where there is none yet."""
    name = str(customer["id"])
    known = Account.objects.filter(stripe_customer_id=name).order_by("created_at").first()
    if known is not None:
        return Row("customer", name, Outcome.KEPT), known.id
    chosen = (customer.get("currency") or currency).upper()
    if chosen not in MINOR_DIGITS:
        return Row("customer", name, Outcome.LEFT, f"we have no {chosen}"), None
    ours = _said_to_be(customer)
    if dry:
        outcome = Outcome.LINKED if ours else Outcome.MADE
        return Row("customer", name, outcome), ours.id if ours else None
    if ours is not None:
        link(account_id=ours.id, customer_id=name, now=now)
        return Row("customer", name, Outcome.LINKED), ours.id
    made = make_tenant(customer=customer, currency=chosen, now=now)
    return Row("customer", name, Outcome.MADE), made


def _said_to_be(customer: Mapping[str, Any]) -> Account | None:
    """Return the account that the customer was made for, by what we wrote into its metadata."""
    said = str((customer.get("metadata") or {}).get("account", ""))
    if not UUID_FORM.fullmatch(said):
        return None
    return Account.objects.filter(
        pk=UUID(said), stripe_customer_id="", closed_at__isnull=True
    ).first()


@service
def make_tenant(*, customer: Mapping[str, Any], currency: str, now: datetime) -> UUID:
    """Make a tenant of a customer, once, linked from the start."""
    name = str(customer["id"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    known = Account.objects.filter(stripe_customer_id=name).first()
    if known is not None:
        return known.id
    email = str(customer.get("email") or "")
    tenant = add_tenant(
        name=str(customer.get("name") or email or name)[:255],
        currency=currency,
        details={"billing_email": email, "address": _address(customer)},
        now=now,
    )
    rows = Account.objects.filter(pk=tenant.account_id)
    rows.update(stripe_customer_id=name)
    audit.record(
        action="account.linked_to_stripe",
        account_id=tenant.account_id,
        subject=tenant.account_id,
        after={"customer": name},
        now=now,
    )
    account_id: UUID = tenant.account_id
    return account_id


def _address(customer: Mapping[str, Any]) -> dict[str, str] | None:
    given = customer.get("address") or {}
    found = {PARTS.get(part, part): str(value) for part, value in given.items() if value}
    return found or None


@service
def link(*, account_id: UUID, customer_id: str, now: datetime) -> None:
    account = Account.objects.lock(account_id)
    if account.stripe_customer_id:
        return
    account.stripe_customer_id = customer_id
    account.save(update_fields=["stripe_customer_id"])
    audit.record(
        action="account.linked_to_stripe",
        account_id=account.id,
        subject=account.id,
        after={"customer": customer_id},
        now=now,
    )


def take_balance(
    customer: Mapping[str, Any], account_id: UUID | None, *, leads: bool, now: datetime, dry: bool
) -> Row | None:
    """Grant what a customer has good at Stripe, once; None where there is nothing."""
    balance = int(customer.get("balance") or 0)
    if not balance:
        return None
    name = str(customer["id"])
    if balance > 0:
        return Row("balance", name, Outcome.LEFT, "the customer owes: ask for it on an invoice")
    if leads:
        return Row("balance", name, Outcome.LEFT, "stays at Stripe, which leads this customer")
    reason = f"Credit balance at Stripe ({name})"
    known = CreditGrant.objects.filter(reason=reason)
    if account_id is not None and known.filter(account_id=account_id).exists():
        return Row("balance", name, Outcome.KEPT)
    money = from_stripe(-balance, str(customer["currency"]))
    if not dry and account_id is not None:
        try:
            grant_credit(account_id=account_id, amount=money.amount, reason=reason, now=now)
        except BillingError as error:
            return Row("balance", name, Outcome.LEFT, str(error))
    return Row("balance", name, Outcome.MADE, f"{money.amount} {money.currency}")
