"""`POST /limits/consume`: services report what they use. The hot path, a plain view."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import transaction
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers

from billing.catalog.rules import LARGEST_LIMIT
from billing.http.bodies import read_json, require_json_of
from billing.http.callers import Caller
from billing.http.fields import FlagField, IdField, TextField, WholeField
from billing.http.idempotency import Once
from billing.http.jointly import Alone, Asked
from billing.http.openapi import refusals
from billing.http.permissions import Need, account_for
from billing.http.plain import Answer, PlainView
from billing.http.portal import PortalNeed, PortalView, require_portal
from billing.http.serializers import Input, read
from billing.kernel import clock
from billing.kernel.errors import (
    Forbidden,
    MalformedBody,
    NotFound,
    TenantMismatch,
    TenantNotFound,
    invalid,
)
from billing.kernel.ids import UUID_FORM
from billing.subscriptions.errors import NoActiveSubscription
from quotas import standing
from quotas.addresses import counted
from quotas.consuming import (
    Granted,
    Wanted,
    consume,
    consume_for_address,
    granted_of,
    taking_of,
)
from quotas.errors import CountedElsewhere, FeatureDisabled, QuotaExceeded, RateLimitExceeded
from quotas.rates import OnceKey
from quotas.takings import Taken
from quotas.tiers import public_tier

PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,255}", re.ASCII)
USUAL: Final = frozenset({"customerId", "userId", "serviceName", "featureKey", "amount"})
BOTH: Final = "name either a customerId or an ip"
Whom = UUID | str


class AddressField(TextField):
    """An IPv4 or IPv6 address; it becomes what is counted."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return counted(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class ConsumeInput(Input):
    """What was used, and whose limits it counts against: a customer's, or an address's."""

    customerId = IdField(required=False, allow_null=True)
    ip = AddressField(required=False, allow_null=True, help_text="Of a caller without a customer.")
    userId = IdField(required=False, allow_null=True, help_text="Who used it, for the record.")
    serviceName = TextField()
    featureKey = TextField()
    amount = WholeField(
        least=-LARGEST_LIMIT,
        most=LARGEST_LIMIT,
        default=1,
        help_text="All of it or nothing. Negative: a standing quota is given back.",
    )
    dryRun = FlagField(default=False, help_text="Answer alike, and count nothing.")


class GrantedOutput(serializers.Serializer[Any]):
    """It was counted."""

    allowed = serializers.BooleanField()
    remaining = serializers.IntegerField(help_text="-1: unlimited.")
    resetAt = serializers.IntegerField(help_text="Unix seconds; 0 where it never resets.")


def wanted_of(body: bytes) -> tuple[Whom, Wanted]:
    """Read whom it counts against (an account's id, an address), and what. Raises InvalidRequest.

    What is plainly right is read at once; all else by the serializer, which says what is wrong.
    """
    data = read_json(body) if body.strip() else {}
    if not isinstance(data, dict):
        raise MalformedBody(reason="it must be an object")
    return _quick(data) or _checked(data)


def _quick(data: dict[str, Any]) -> tuple[Whom, Wanted] | None:
    """Read the usual: a customer, plain names, a whole amount, no trial. None for anything else."""
    customer, user, amount = data.get("customerId"), data.get("userId"), data.get("amount", 1)
    service_name: Any = data.get("serviceName")
    feature_key: Any = data.get("featureKey")
    if type(amount) is not int or not 1 <= amount <= LARGEST_LIMIT or not data.keys() <= USUAL:
        return None
    if not (_is_name(service_name) and _is_name(feature_key) and _is_id(customer)):
        return None
    if user is not None and not _is_id(user):
        return None
    user_id = None if user is None else UUID(user)
    return UUID(customer), Wanted(service_name, feature_key, amount, user_id)


def _is_name(value: Any) -> bool:
    return type(value) is str and PLAIN_NAME.fullmatch(value) is not None


def _is_id(value: Any) -> bool:
    return type(value) is str and UUID_FORM.fullmatch(value) is not None


def _checked(data: dict[str, Any]) -> tuple[Whom, Wanted]:
    given = read(ConsumeInput, data)
    if ("customerId" in given) == ("ip" in given):
        raise invalid("customerId", BOTH)
    if given["amount"] == 0:
        raise invalid("amount", "must not be 0")
    wanted = Wanted(
        given["serviceName"],
        given["featureKey"],
        given["amount"],
        given.get("userId"),
        given["dryRun"],
    )
    whom: Whom = given["customerId"] if "customerId" in given else given["ip"]
    return whom, wanted


class Names(msgspec.Struct):
    """What is consumed, without a look at the rest."""

    serviceName: str
    featureKey: str


NAMES: Final = msgspec.json.Decoder(Names)


class ConsumeView(PlainView, PortalView):
    """Consuming."""

    needs = {"POST": PortalNeed.SERVICE}
    plain = frozenset({"POST"})
    is_straight = True
    is_joint = True

    @extend_schema(
        operation_id="consume_limit",
        summary="Consume a rate limit or a standing quota",
        description="Counts all of `amount` or nothing, exactly however many ask at once: with a "
        "limit of N, N of any number of parallel calls are allowed. A rate that is spent is a 429 "
        "whose `Retry-After` is the end of its window; more than a whole limit never fits. A "
        "quota that is spent is a 403. What an address uses counts against the tier named "
        "`Public`. Under an `Idempotency-Key` it is counted once, whatever happens between.",
        tags=["Limits"],
        request=ConsumeInput,
        responses={
            200: OpenApiResponse(GrantedOutput, "All of it is counted."),
            **refusals(
                CountedElsewhere,
                FeatureDisabled,
                QuotaExceeded,
                RateLimitExceeded,
                NoActiveSubscription,
                TenantMismatch,
                TenantNotFound,
                NotFound,
            ),
        },
    )
    def post(self, request: Any) -> Any:
        """Described here; `dispatch` answers it."""
        raise NotImplementedError

    def plainly(
        self, request: HttpRequest, caller: Caller, once: Once | None, **kwargs: str
    ) -> Answer:
        require_portal(caller, PortalNeed.SERVICE, "POST")
        require_json_of(request.body, request.META.get("CONTENT_TYPE") or "")
        if once is None:
            return self.take(caller, request.body, None)
        with transaction.atomic():
            once.open()
            answer = self.take(caller, request.body, key_of(once))
            once.keep(*answer)
        return answer

    def straightly(self, caller: Caller, body: bytes, content_type: str, **kwargs: str) -> Answer:
        require_portal(caller, PortalNeed.SERVICE, "POST")
        require_json_of(body, content_type)
        return self.take(caller, body, None)

    def joins(self, body: bytes) -> bool:
        """Standing quotas share a flush; rates have none, and need not wait for the others'."""
        try:
            names = NAMES.decode(body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return False
        return standing.is_quota((names.serviceName, names.featureKey))

    def check(self, asked: Asked, known: dict[Any, Any]) -> None:
        if asked.caller not in known:
            require_portal(asked.caller, PortalNeed.SERVICE, "POST")
            known[asked.caller] = True
        require_json_of(asked.body, asked.content_type)
        whom, wanted = wanted_of(asked.body)
        if not isinstance(whom, UUID):
            raise Alone
        account = account_for(asked.caller, whom, Need.RECORD)
        asked.wanted = taking_of(account, wanted, now=clock.now_for(account))

    def settle(self, group: Sequence[Asked]) -> None:
        standing.take_all(group)
        for asked in group:
            if asked.error is None:
                _answer(asked)

    def take(self, caller: Caller, body: bytes, key: OnceKey | None) -> Answer:
        whom, wanted = wanted_of(body)
        if isinstance(whom, UUID):
            account = account_for(caller, whom, Need.RECORD)
            granted = consume(account, wanted, once=key, now=clock.now_for(account))
        else:
            if not caller.is_unbound:
                raise Forbidden(needed="a service that is bound to no tenant, to name an ip")
            granted = consume_for_address(whom, public_tier(), wanted, once=key, now=clock.now())
        return 200, shown(granted), {}


def _answer(asked: Asked) -> None:
    taken: Taken = asked.outcome
    if taken.outcome == "rate":  # which it was not when it was last asked for
        asked.error = Alone()
        return
    try:
        asked.answer = 200, shown(granted_of(taken, asked.wanted.names)), {}
    except Exception as error:  # noqa: BLE001 — it is raised where it is waited for
        asked.error = error


def shown(granted: Granted) -> bytes:
    said = {"allowed": True, "remaining": granted.remaining, "resetAt": granted.reset_at}
    return msgspec.json.encode(said)


def key_of(once: Once) -> OnceKey:
    """Return an Idempotency-Key for Valkey: of this caller and this path."""
    name = f"{once.caller}\n{once.method}\n{once.path}\n{once.key}"
    return OnceKey(hashlib.sha256(name.encode()).hexdigest(), once.fingerprint)
