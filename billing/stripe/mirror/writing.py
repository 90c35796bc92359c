"""Writing an object of Stripe's into its table, as it came: the last one written stands.

The package's own way fetches what an object refers to, inside a transaction and with a key that it
keeps in the database; this one asks nobody. What an object can't be without is fetched first, by
whoever calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db.models import CharField, Field, ForeignKey, Model, TextField
from djstripe import models

Fetch = Callable[[str, str], "Mapping[str, Any] | None"]
"""Asks Stripe for an object, by its kind and id; None where there is no such."""

KINDS: Final[Mapping[str, type[Model]]] = {
    "balance_transaction": models.BalanceTransaction,
    "charge": models.Charge,
    "checkout.session": models.Session,
    "coupon": models.Coupon,
    "customer": models.Customer,
    "dispute": models.Dispute,
    "invoice": models.Invoice,
    "invoiceitem": models.InvoiceItem,
    "payment_intent": models.PaymentIntent,
    "payment_method": models.PaymentMethod,
    "price": models.Price,
    "product": models.Product,
    "promotion_code": models.PromotionCode,
    "refund": models.Refund,
    "setup_intent": models.SetupIntent,
    "subscription": models.Subscription,
    "subscription_item": models.SubscriptionItem,
}
INSIDE: Final = {"subscription": ("items",)}
"""Lists within an object whose members have tables of their own."""
DEEPEST: Final = 3
_LEFT_OUT: Final = frozenset({"stripe_data", "subscriber", "date_purged"})


class NotMirrored(Exception):
    """It can't be written: of a kind without a table, or without what it belongs to."""


def sync(found: Mapping[str, Any], *, fetch: Fetch, depth: int = 0) -> None:
    """Write the object, and before it what it can't be without. Raises NotMirrored.

    A deleted one leaves its row, marked as deleted in its data.
    """
    kind, name = str(found.get("object")), str(found.get("id", ""))
    model = KINDS.get(kind)
    if model is None or not name:
        raise NotMirrored(kind)
    rows: Any = model.objects  # type: ignore[attr-defined]
    if found.get("deleted"):
        for row in rows.filter(id=name):
            rows.filter(id=name).update(stripe_data={**row.stripe_data, "deleted": True})
        return
    for field in _fields(model):
        if isinstance(field, ForeignKey) and not field.null:
            _require(field, found, fetch=fetch, depth=depth)
    rows.update_or_create(id=name, defaults=_record(model, found))
    for part in INSIDE.get(kind, ()):
        for inner in (found.get(part) or {}).get("data", []):
            sync(inner, fetch=fetch, depth=depth + 1)


def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    """Return those of its columns that Stripe fills."""
    return [
        field
        for field in model._meta.concrete_fields  # noqa: SLF001
        if not field.name.startswith("djstripe_") and field.name not in _LEFT_OUT
    ]


def _require(field: Any, found: Mapping[str, Any], *, fetch: Fetch, depth: int) -> None:
    """See that what a field must refer to is there."""
    wanted = _id_of(found.get(field.name))
    related = field.related_model
    if not wanted:
        raise NotMirrored(f"no {field.name} in {found.get('id')}")
    if related.objects.filter(id=wanted).exists():
        return
    kind = next(kind for kind, model in KINDS.items() if model is related)
    other = fetch(kind, wanted) if depth < DEEPEST else None
    if other is None or other.get("deleted"):
        raise NotMirrored(f"{found.get('id')} without {wanted}")
    sync(other, fetch=fetch, depth=depth + 1)


def _record(model: type[Model], found: Mapping[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = {"stripe_data": found}
    for field in _fields(model):
        if field.name == "id":
            continue
        if isinstance(field, ForeignKey):
            record[field.name] = _there(field, found)
            continue
        read = getattr(field, "stripe_to_db", None)
        value = read(found) if read else found.get(field.name)
        empty = value is None and isinstance(field, CharField | TextField) and not field.null
        record[field.name] = "" if empty else value
    return record


def _there(field: Any, found: Mapping[str, Any]) -> Any:
    """Return the row that a field refers to, or nothing where it is not mirrored (yet)."""
    wanted = _id_of(found.get(field.name))
    return field.related_model.objects.filter(id=wanted).first() if wanted else None


def _id_of(value: Any) -> str:
    return str(value.get("id", "")) if isinstance(value, Mapping) else str(value or "")
