"""Columns of lists and read-only fields: callables that the admin calls with a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.admin import formatting

Column = Callable[[Any], Any]


def column(
    name: str, title: Any, show: Callable[[Any], Any], *, ordering: str | None = None
) -> Column:
    """Make a column; `name` becomes its CSS class, `field-<name>`."""

    @display(description=title, ordering=ordering)
    def shown(row: Model) -> Any:
        return show(row)

    shown.__name__ = name
    made: Column = shown
    return made


def moment(field: str, title: Any, *, is_sortable: bool = True) -> Column:
    return column(
        f"{field}_time",
        title,
        lambda row: formatting.moment(getattr(row, field)),
        ordering=field if is_sortable else None,
    )


def money(field: str, title: Any, *, currency: str = "currency", ordering: str = "") -> Column:
    """Show minor units of `field` in the currency at the dotted path `currency`."""

    def show(row: Any) -> str:
        found = row
        for part in currency.split("."):
            found = getattr(found, part)
        return formatting.money(getattr(row, field), str(found))

    return column(f"{field}_money", title, show, ordering=ordering or field)


def status(title: Any, field: str = "status") -> Column:
    return column(
        field, title, lambda row: formatting.status_label(getattr(row, field)), ordering=field
    )


def flag(field: str, title: Any) -> Column:
    """Say yes, or nothing loud: a no is seldom bad."""

    def show(row: Any) -> Any:
        return formatting.label(_("Yes"), "good") if getattr(row, field) else _("No")

    return column(field, title, show, ordering=field)


def document(field: str, title: Any) -> Column:
    return column(f"{field}_json", title, lambda row: formatting.document(getattr(row, field)))


def tenant(title: Any) -> Column:
    """Link the row's account. The list selects `account__tenant`."""
    return column(
        "tenant",
        title,
        lambda row: formatting.account_link(row.account) if row.account_id else formatting.NONE,
        ordering="account__tenant__name",
    )
