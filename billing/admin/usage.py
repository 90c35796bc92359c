"""Usage, to read: a page of its own, since events have no single key and may be many millions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from billing.admin import formatting
from billing.kernel import clock
from billing.kernel.ids import UUID_FORM
from billing.metering.browse import EventFilter, busiest, events_page
from billing.metering.models import UsageEvent
from billing.models import Account, Meter

MATCHES = 20


def usage(request: HttpRequest) -> HttpResponse:
    """Show an account's events, newest first; with none chosen, who used what in the last day."""
    if not request.user.has_perm("billing.view_usageevent"):
        raise PermissionDenied
    asked = request.GET.get("tenant", "").strip().replace("\x00", "")
    accounts = _accounts(asked) if asked else []
    meters = {meter.pk: meter for meter in Meter.objects.order_by("metric_type")}
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Usage"),
        "asked": request.GET,
        "tenant": asked,
        "meters": meters.values(),
        "names": [(a.pk, formatting.account_name(a)) for a in _accounts("")],
    }
    if len(accounts) == 1:
        context |= _events(request.GET, accounts[0], meters)
    elif asked:
        context["matches"] = [(a.pk, formatting.account_name(a)) for a in accounts]
    else:
        context["busy"] = _busy(meters)
    return TemplateResponse(request, "admin/billing/usage.html", context)


def _accounts(asked: str) -> list[Account]:
    """Return the accounts that are meant: by id, by exact name, else by part of the name."""
    rows = Account.objects.select_related("tenant").order_by("tenant__name")
    if UUID_FORM.fullmatch(asked):
        return list(rows.filter(pk=asked))
    exact = list(rows.filter(tenant__name=asked)[:MATCHES]) if asked else []
    return exact or list(rows.filter(tenant__name__icontains=asked)[:MATCHES])


def _short_name(account: Account) -> str:
    """Return the tenant's name where it means this account alone, else the id."""
    name = formatting.account_name(account)
    return name if [found.pk for found in _accounts(name)] == [account.pk] else str(account.pk)


def _events(
    asked: Mapping[str, str], account: Account, meters: Mapping[int, Meter]
) -> dict[str, Any]:
    by_name = {meter.metric_type: meter.pk for meter in meters.values()}
    wanted = EventFilter(
        meter_id=by_name.get(asked.get("meter", "")),
        event_id=asked.get("event", "").strip().replace("\x00", ""),
        resource_id=asked.get("resource", "").strip().replace("\x00", ""),
        before=_cursor(asked.get("before", "")),
    )
    found, has_older = events_page(account.pk, wanted)
    older = ""
    if has_older:
        kept = {k: v for k, v in asked.items() if k != "before" and v}
        last = found[-1]
        older = urlencode({**kept, "before": f"{last.occurred_at.isoformat()}~{last.seq}"})
    return {
        "account": account,
        "tenant": _short_name(account),
        "account_link": formatting.account_link(account),
        "rows": [_row(event, meters) for event in found],
        "older": older,
    }


def _cursor(text: str) -> tuple[datetime, int] | None:
    """Read a place in the list; one that was tampered with is the list's beginning."""
    at, _sep, seq = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        number = int(seq)
    except ValueError:
        return None
    is_usable = moment.tzinfo is not None and abs(number) < 2**63
    return (moment, number) if is_usable else None


def _row(event: UsageEvent, meters: Mapping[int, Meter]) -> dict[str, Any]:
    meter = meters.get(event.meter_id)
    return {
        "at": formatting.moment(event.occurred_at, pattern="%Y-%m-%d %H:%M:%S"),
        "recorded": formatting.moment(event.recorded_at),
        "meter": meter.metric_type if meter else event.meter_id,
        "unit": meter.unit if meter else "",
        "quantity": formatting.number(event.quantity),
        "event_id": event.event_id,
        "resource": event.resource_id,
        "user": event.user_id,
        "metadata": formatting.document(event.metadata) if event.metadata else "",
        "is_correction": event.is_correction,
        "is_void": event.voided_at is not None,
    }


def _busy(meters: Mapping[int, Meter]) -> list[dict[str, Any]]:
    rows = busiest(since=clock.now() - timedelta(hours=24))
    ids: list[UUID] = [row["account_id"] for row in rows]  # type: ignore[misc]
    accounts = Account.objects.select_related("tenant").in_bulk(ids)
    return [
        {
            "id": row["account_id"],
            "name": formatting.account_name(accounts[row["account_id"]]),
            "meter": meters[row["meter_id"]].metric_type,  # type: ignore[index]
            "events": formatting.number(row["events"]),  # type: ignore[arg-type]
            "latest": formatting.moment(row["latest"]),  # type: ignore[arg-type]
        }
        for row in rows
        if row["account_id"] in accounts and row["meter_id"] in meters
    ]
