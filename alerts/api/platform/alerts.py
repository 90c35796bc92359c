"""`/realtime-cost/…/alerts`: thresholds on what a tenant costs."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from alerts import queries, services
from alerts.api.platform.shapes import (
    AlertInput,
    AlertSerializer,
    NewAlertSerializer,
    draft_of,
    show_alert,
)
from alerts.errors import AlertLimitReached, NoBudget
from alerts.models import Alert, AlertStatus
from billing.http.fields import OneOfField
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need, account_for, reaches
from billing.http.serializers import Nothing, read, read_query
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.errors import NotFound
from billing.models import Account
from billing.subscriptions.catch_up import catch_up

TAGS: Final = ["Costs"]
SORTS: Final = {"createdAt": "created_at"}
AlertQuery = page_query(SORTS, status=OneOfField(choices=AlertStatus.values, required=False))


def show_one(alert: Alert) -> dict[str, Any]:
    """Write one alert out, with what it measures now."""
    found = queries.alert_of(alert.pk)
    account = found.account
    (shown,) = queries.measured([found], account, now=clock.now_for(account))
    return show_alert(shown)


def show_new(alert: Alert) -> dict[str, Any]:
    """Write a new alert out with its webhook's secret."""
    secret = None if alert.webhook is None else alert.webhook.secret
    return {**show_one(alert), "webhookSecret": secret}


class TenantAlertsView(PlatformView):
    """A tenant's alerts."""

    needs: ClassVar = {"GET": Need.READ, "POST": Need.MANAGE}

    @extend_schema(
        operation_id="create_alert",
        summary="Make an alert",
        description="It fires once in each billing period, when its threshold is reached, and "
        "tells of it by mail, in Slack, and by a signed message to `webhookUrl` as webhooks do. "
        "`notifyEmail`: an address, or true for the tenant's billing address. `notifySlack`: the "
        "URL of an incoming webhook, or true for the operator's, where it has set one.",
        tags=TAGS,
        request=AlertInput,
        responses={201: NewAlertSerializer, **refusals(NoBudget, AlertLimitReached)},
    )
    def post(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        return self.answer(
            services.create_alert,
            show_new,
            status=201,
            account_id=account.pk,
            draft=draft_of(read(AlertInput, request.data)),
            now=clock.now_for(account),
        )

    @extend_schema(
        operation_id="list_alerts",
        summary="List a tenant's alerts",
        description="As they are in the open billing period, with what they measure now.",
        tags=TAGS,
        parameters=[AlertQuery],
        responses=listing(AlertSerializer),
    )
    def get(self, request: Request, tenant_id: str) -> Response:
        account = self.account(tenant_id)
        now = clock.now_for(account)
        catch_up(account, now=now)
        query = read_query(AlertQuery, request)
        rows = queries.shown().filter(account=account)
        if "status" in query:
            rows = rows.filter(present_status=query["status"])  # type: ignore[misc]
        answer = page_of(rows, query, SORTS, lambda alert: alert)
        shown = queries.measured(answer.data["data"], account, now=now)
        answer.data["data"] = [show_alert(one) for one in shown]
        return answer


class AlertView(PlatformView):
    """A path that names an alert: another tenant's is not there."""

    def alert(self, alert_id: str) -> tuple[Account, Alert]:
        """Return the alert and its account, for a caller that may. Raises NotFound, Forbidden."""
        found = queries.alert_of(path_id(alert_id, "alertId"))
        if not reaches(self.caller, found.account):
            raise NotFound(noun="alert")
        return account_for(self.caller, found.account_id, self.need), found


class OneAlertView(AlertView):
    """One alert."""

    needs: ClassVar = {"GET": Need.READ, "DELETE": Need.MANAGE}

    @extend_schema(
        operation_id="get_alert",
        summary="Get an alert",
        tags=TAGS,
        responses=AlertSerializer,
    )
    def get(self, request: Request, alert_id: str) -> Response:
        account, alert = self.alert(alert_id)
        catch_up(account, now=clock.now_for(account))
        return Response(show_one(alert))

    @extend_schema(
        operation_id="delete_alert",
        summary="Delete an alert",
        tags=TAGS,
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, alert_id: str) -> Response:
        account, alert = self.alert(alert_id)
        services.delete_alert(alert_id=alert.pk, now=clock.now_for(account))
        return Response(status=204)


class DismissView(AlertView):
    """Quiet until the next period."""

    needs: ClassVar = {"POST": Need.MANAGE}

    @extend_schema(
        operation_id="dismiss_alert",
        summary="Dismiss an alert",
        description="It stays quiet until the next billing period. Again: nothing changes.",
        tags=TAGS,
        request=None,
        responses=AlertSerializer,
    )
    def post(self, request: Request, alert_id: str) -> Response:
        account, alert = self.alert(alert_id)
        read(Nothing, request.data)
        now = clock.now_for(account)
        catch_up(account, now=now)
        return self.answer(services.dismiss_alert, show_one, alert_id=alert.pk, now=now)
