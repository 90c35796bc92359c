"""Consuming: what a service reports, of a customer or of an address, counted or refused."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from billing.accounts.models import Account
from billing.kernel.errors import NotFound, ServiceUnavailable, invalid
from billing.subscriptions.errors import NoActiveSubscription
from quotas import rates, standing
from quotas.errors import CountedElsewhere, FeatureDisabled, QuotaExceeded, RateLimitExceeded
from quotas.models import NO_ACCOUNT
from quotas.rates import OnceKey, Outcome, Rate
from quotas.takings import Taken, Taking
from quotas.tiers import Tier
from quotas.valkey import Unavailable
from quotas.windows import seconds_left, span_of

log = structlog.get_logger(__name__)

MEMBERS: Final = ("billing", "members")
UNLIMITED: Final = -1
NO_LIMIT: Final = "limit"


class Wanted(NamedTuple):
    """What shall be consumed: a service's feature, how much, by whom. Negative: given back."""

    service_name: str
    feature_key: str
    amount: int = 1
    user_id: UUID | None = None
    dry: bool = False

    @property
    def names(self) -> tuple[str, str]:
        return self.service_name, self.feature_key


@dataclass(frozen=True, slots=True)
class Granted:
    """What is left (−1: no end), and when the window ends (unix seconds; 0: never)."""

    remaining: int
    reset_at: int


def left_of(limit: int, used: int) -> int:
    """Return what is left of a limit: never negative; −1 where it has no end."""
    return UNLIMITED if limit == UNLIMITED else max(0, limit - used)


def consume(
    account: Account, wanted: Wanted, *, once: OnceKey | None = None, now: datetime
) -> Granted:
    """Count what a customer used, all of it or nothing. `now` is the account's own time.

    Raises NoActiveSubscription, NotFound, FeatureDisabled, QuotaExceeded, RateLimitExceeded,
    CountedElsewhere, InvalidRequest (a rate is not given back), ServiceUnavailable.
    """
    taken = standing.take(taking_of(account, wanted, now=now))
    if taken.outcome == "rate":
        assert taken.cap is not None, "a rate has a limit"
        rate = _rate(str(account.pk), wanted, taken.span or "", taken.cap)
        is_frozen = account.test_clock_id is not None
        return _spend(rate, wanted, account.pk, once=once, is_frozen=is_frozen, now=now)
    return granted_of(taken, wanted.names)


def taking_of(account: Account, wanted: Wanted, *, now: datetime) -> Taking:
    """Return what shall be taken of a quota. Raises CountedElsewhere for what is no quota's."""
    if wanted.names == MEMBERS:
        raise CountedElsewhere
    return Taking(account.pk, wanted.names, wanted.amount, wanted.dry, wanted.user_id, now)


def consume_for_address(
    address: str, tier: Tier | None, wanted: Wanted, *, once: OnceKey | None = None, now: datetime
) -> Granted:
    """Count what an address used of the public tier's rates. Standing quotas are customers' alone.

    Raises as `consume` does; NotFound also where there is no public tier.
    """
    features = {} if tier is None else tier.limits.rates.get(wanted.service_name, {})
    limit = features.get(wanted.feature_key)
    if limit is None:
        raise NotFound(noun=NO_LIMIT)
    rate = _rate(f"ip:{address}", wanted, limit.window, limit.value)
    return _spend(rate, wanted, NO_ACCOUNT, once=once, is_frozen=False, now=now)


def _rate(subject: str, wanted: Wanted, window: str, limit: int) -> Rate:
    return Rate(
        subject=subject,
        service_name=wanted.service_name,
        feature_key=wanted.feature_key,
        window=window,
        limit=limit,
    )


def _spend(
    rate: Rate,
    wanted: Wanted,
    account_id: UUID,
    *,
    once: OnceKey | None,
    is_frozen: bool,
    now: datetime,
) -> Granted:
    if wanted.amount < 0:
        raise invalid("amount", "must be positive: only standing quotas are given back")
    if rate.limit == 0:
        raise FeatureDisabled(service=rate.service_name, feature=rate.feature_key)
    try:
        outcome = rates.spend(
            rate, wanted.amount, dry=wanted.dry, is_frozen=is_frozen, once=once, now=now
        )
    except Unavailable as error:
        outcome = _without_valkey(rate, wanted, error, now=now)
    remaining = left_of(rate.limit, outcome.used)
    if not outcome.is_granted:
        raise RateLimitExceeded(
            retry_after=seconds_left(outcome.ends_at, now),
            extra=_said(remaining, outcome.ends_at),
            limit=rate.limit,
            window=rate.window,
            service=rate.service_name,
            feature=rate.feature_key,
        )
    if wanted.user_id is not None and not wanted.dry:
        _remember(account_id, wanted, wanted.user_id, rate.window, now=now)
    return Granted(remaining, outcome.ends_at)


def _without_valkey(rate: Rate, wanted: Wanted, error: Exception, *, now: datetime) -> Outcome:
    """Refuse, or where the operator says so let pass what fits into the window at all."""
    if not settings.BILLING["BILLING_RATE_LIMITS_FAIL_OPEN"]:
        raise ServiceUnavailable from error
    log.warning("rate_limit_not_counted", service=rate.service_name, error=repr(error))
    fits = rate.limit == UNLIMITED or wanted.amount <= rate.limit
    return Outcome(fits, wanted.amount if fits else 0, span_of(rate.window, now).end)


def _remember(
    account_id: UUID, wanted: Wanted, user_id: UUID, window: str, *, now: datetime
) -> None:
    """Note who used a rate. It was counted already, so a note that fails must not refuse it."""
    guard = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with guard:
            standing.remember_rate(
                account_id, wanted.names, wanted.amount, window=window, user_id=user_id, now=now
            )
    except DatabaseError as error:
        log.warning("rate_event_lost", error=repr(error))


def granted_of(taken: Taken, names: tuple[str, str]) -> Granted:
    """Return what was granted of a quota; raise what it was refused with, as `consume` does."""
    if taken.outcome == "taken":
        assert taken.cap is not None, "what was taken has a limit"
        return Granted(left_of(taken.cap, taken.held or 0), 0)
    service, feature = names
    if taken.outcome == "unsubscribed":
        raise NoActiveSubscription
    if taken.outcome == "unknown":
        raise NotFound(noun=NO_LIMIT)
    if taken.outcome == "disabled":
        raise FeatureDisabled(service=service, feature=feature)
    assert taken.cap is not None, "what is spent has a limit"
    left = left_of(taken.cap, taken.held or 0)
    raise QuotaExceeded(
        extra=_said(left, 0),
        limit=taken.cap,
        service=service,
        feature=feature,
    )


def _said(remaining: int, reset_at: int) -> dict[str, object]:
    return {"allowed": False, "remaining": remaining, "resetAt": reset_at}
