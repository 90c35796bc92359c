"""`POST /tenants/{id}/usage` and `/usage/batch`: the hot path, past the framework's machinery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from django.db import transaction
from django.http import HttpRequest
from drf_spectacular.utils import (
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers

from billing.accounts.models import Account
from billing.http import idempotency
from billing.http.bodies import require_json_of
from billing.http.callers import Caller
from billing.http.fields import DecimalStringField, FlagField, IdField, TextField, TimeField
from billing.http.jointly import Asked
from billing.http.openapi import refusals
from billing.http.permissions import Need, account_for
from billing.http.plain import Answer, PlainView
from billing.http.serializers import Input
from billing.http.views import PlatformView, path_id
from billing.kernel import clock, cores
from billing.kernel.errors import Kind, every_error
from billing.metering.events import AccountBatch
from billing.metering.quotas.errors import UsageQuotaExceeded
from billing.metering.record import record
from tenants.metering.checks import Checker
from tenants.metering.committer import COMMITTER, commit
from tenants.metering.errors import EventRefused, NoEventAccepted
from tenants.metering.intake import Outcome, check_one, shown, take_batch, take_one
from tenants.metering.pressure import Slots
from tenants.metering.wire import read_batch, read_event

METADATA: Final = "At most 16 KiB and 5 levels. Charges' filters look at its properties."
REFUSED: Final = [error for error in every_error(EventRefused) if error.kind is Kind.INVALID]


@extend_schema_field({"type": ["object", "string", "null"], "maxLength": 16_384})
class MetadataField(serializers.JSONField):
    """An object, or one written as a JSON string."""


class EventInput(Input):
    """A usage event. The API document's words for `tenants.metering.wire.Wire`, which reads it."""

    metricType = TextField()
    quantity = DecimalStringField(required=False)
    unit = TextField(required=False, allow_null=True)
    eventId = TextField(required=False, allow_null=True)
    timestamp = TimeField(required=False, allow_null=True)
    resourceId = TextField(required=False, allow_null=True)
    resourceType = TextField(required=False, allow_null=True)
    userId = TextField(required=False, allow_null=True)
    costCenterId = IdField(required=False, allow_null=True)
    costCenterCode = TextField(required=False, allow_null=True)
    metadata = MetadataField(required=False, help_text=METADATA)
    correction = FlagField(required=False)


class EventsInput(Input):
    """A batch, as an object."""

    events = EventInput(many=True)


BATCH_INPUT: Final = PolymorphicProxySerializer(
    component_name="BatchInput",
    serializers=[EventInput(many=True), EventsInput],
    resource_type_field_name=None,
    many=False,
)


class RecordedOutput(serializers.Serializer[Any]):
    """What became of an event."""

    eventId = TextField()
    status = serializers.ChoiceField(choices=["recorded", "duplicate"])


class RejectedOutput(serializers.Serializer[Any]):
    """An event that was not taken, and why."""

    index = serializers.IntegerField()
    eventId = TextField(required=False)
    code = TextField()
    message = TextField()


class TakenOutput(serializers.Serializer[Any]):
    """What became of a batch. Duplicates count as good."""

    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = RejectedOutput(many=True)


class RecordingView(PlainView, PlatformView):
    """POST without the REST framework: the same authentication, errors and idempotency, faster."""

    needs = {"POST": Need.RECORD}
    plain = frozenset({"POST"})

    def plainly(
        self, request: HttpRequest, caller: Caller, once: idempotency.Once | None, **kwargs: str
    ) -> Answer:
        account = self.account_of(caller, kwargs["tenant_id"])
        content_type = request.META.get("CONTENT_TYPE") or ""
        if once is None:
            return self.recorded(account, request.body, content_type, caller)
        with transaction.atomic():
            once.open()
            answer = self.recorded(account, request.body, content_type, caller)
            once.keep(*answer)
        return answer

    def straightly(self, caller: Caller, body: bytes, content_type: str, **kwargs: str) -> Answer:
        account = self.account_of(caller, kwargs["tenant_id"])
        return self.recorded(account, body, content_type, caller)

    def account_of(self, caller: Caller, tenant_id: str) -> Account:
        return account_for(caller, path_id(tenant_id, "tenantId"), Need.RECORD)

    def recorded(self, account: Account, body: bytes, content_type: str, caller: Caller) -> Answer:
        """Record what a body holds, if it is JSON at all."""
        require_json_of(body, content_type)
        return self.take(account, body, may_correct=caller.is_admin)

    def take(self, account: Account, body: bytes, *, may_correct: bool) -> Answer:
        raise NotImplementedError


class UsageView(RecordingView):
    """One event."""

    is_straight = True
    is_joint = True

    @extend_schema(
        operation_id="record_usage",
        summary="Record one event",
        description="201 means committed to disk, 200 that the tenant has an event of this eventId "
        "already, whatever else it says. Without an eventId the server makes one; without a "
        "timestamp the event is now, by the tenant's clock. A correction takes billing_admin.",
        tags=["Usage"],
        request=EventInput,
        responses={
            201: OpenApiResponse(RecordedOutput, "It is committed to disk."),
            200: OpenApiResponse(RecordedOutput, "It was there already; nothing changed."),
            **refusals(*REFUSED, UsageQuotaExceeded),
        },
    )
    def post(self, request: Any, tenant_id: str) -> Any:
        """Described here; `dispatch` answers it."""
        raise NotImplementedError

    def take(self, account: Account, body: bytes, *, may_correct: bool) -> Answer:
        now = clock.now_for(account)
        checker = Checker(account.id, now=now, may_correct=may_correct, body=body)
        event_id, is_new = take_one(account.id, read_event(body), checker, COMMITTER.record)
        return became(event_id, is_new=is_new)

    def check(self, asked: Asked, known: dict[Any, Any]) -> None:
        """Check an event, and make the batch of it that shall be recorded."""
        caller, tenant_id = asked.caller, asked.said["tenant_id"]
        checker = known.get((caller, tenant_id))
        if checker is None:
            account = self.account_of(caller, tenant_id)
            now = clock.now_for(account)
            checker = Checker(account.id, now=now, may_correct=caller.is_admin, body=b"")
            known[caller, tenant_id] = checker
        require_json_of(asked.body, asked.content_type)
        checker.look_at(asked.body)
        event, may_be_new = check_one(checker.account_id, read_event(asked.body), checker)
        if may_be_new:
            asked.wanted = AccountBatch(checker.account_id, [event], checker.now)
        else:
            asked.answer = became(event.event_id, is_new=False)

    def settle(self, group: Sequence[Asked]) -> None:
        commit(group)
        for asked in group:
            for refusal in asked.wanted.refused.values():
                asked.error = refusal
            if asked.error is None:
                event_id = asked.wanted.events[0].event_id
                asked.answer = became(event_id, is_new=asked.outcome[0])


def became(event_id: str, *, is_new: bool) -> Answer:
    said = {"eventId": event_id, "status": "recorded" if is_new else "duplicate"}
    return (201 if is_new else 200), msgspec.json.encode(said), {}


class UsageBatchView(RecordingView):
    """A batch."""

    @extend_schema(
        operation_id="record_usage_batch",
        summary="Record up to 10,000 events",
        description="A list of 1 to 10,000 events, or an object whose `events` is that list. The "
        "good ones are recorded together; the others are named with the reason (207). "
        "Where none is good, 400 `NO_EVENT_ACCEPTED` with the same fields beside `error`.",
        tags=["Usage"],
        request=BATCH_INPUT,
        responses={
            201: OpenApiResponse(TakenOutput, "All are committed to disk."),
            207: OpenApiResponse(TakenOutput, "Some were rejected; the others are committed."),
            **refusals(NoEventAccepted),
        },
    )
    def post(self, request: Any, tenant_id: str) -> Any:
        """Described here; `dispatch` answers it."""
        raise NotImplementedError

    def take(self, account: Account, body: bytes, *, may_correct: bool) -> Answer:
        with BATCHES.slot(), cores.on_any():
            now = clock.now_for(account)
            checker = Checker(account.id, now=now, may_correct=may_correct, body=body)
            outcome = take_batch(account.id, read_batch(body), checker, record_batch)
        said = said_of(outcome)
        if not outcome.accepted and not outcome.duplicates:
            raise NoEventAccepted(extra=said)
        return (207 if outcome.rejected else 201), msgspec.json.encode(said), {}


BATCHES: Final = Slots(limit=8, seconds=10.0)
"""Batches that a process reads and records at once. A large one takes some 100 MB meanwhile."""

record_batch: Callable[[AccountBatch], list[bool]] = lambda batch: record([batch])[0]  # noqa: E731


def said_of(outcome: Outcome) -> dict[str, object]:
    return {
        "accepted": outcome.accepted,
        "duplicates": outcome.duplicates,
        "rejected": [shown(one) for one in outcome.rejected],
    }
