"""What is due for an account: its sources in one list, which all that run or ask go through.

A new source is one entry. Work is found by its instant (`<= now`, never "today"). Of equal
instants the order is the list's: credit that expires at an instant can't pay what is finalized
then, the subscription moves before its invoices, so that one in advance finds the period whose
fee it charges, and an invoice is made before an older one is dunned. Nothing of a parked account
is due, nor of one whose customer is deleted: it is neither billed nor reminded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Min, QuerySet

from billing.credits import ledger
from billing.kernel.reads import Given, Read, fetch
from billing.models import Account, CreditGrant, InvoiceDue, LockedAccount, Subscription, TestClock
from billing.subscriptions.advancing import advance_subscription
from invoicing import drafting, dunning, finalizing
from invoicing.records import Dunning


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A kind of due work: rows with an `account` and an instant, and what is done with one.

    `condition` says in SQL, of the row `s`, what `rows` says beside that. `take` holds the
    account's lock. After it the row must not be due at that instant any more.
    """

    name: str
    rows: Callable[[], QuerySet[Any]]
    instant: str
    take: Callable[[LockedAccount, Any, datetime], None]
    condition: str = "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One step that is due: whose kind it is, since when, which row."""

    source: Source
    due_at: datetime
    key: str

    def take(self, account: LockedAccount, *, now: datetime) -> None:
        """Do it; the caller holds the account's lock since before it looked for the work."""
        row = _row(self.source).first(self.key)
        assert row is not None, "what was due under the account's lock is still there"
        self.source.take(account, row, now)


def _expire(account: LockedAccount, grant: CreditGrant, now: datetime) -> None:
    ledger.expire(account, grant, now=now)


def _move(_account: LockedAccount, subscription: Subscription, now: datetime) -> None:
    advance_subscription(subscription, now=now)


def _bill(account: LockedAccount, due: InvoiceDue, now: datetime) -> None:
    """Draft it, and finalize it once its grace is over; then it is never due again.

    Where the grace is over by now too, nobody would see the draft: none is made.
    """
    is_final = due.due_at == due.finalize_at
    if is_final:
        finalizing.finalize_due(account, due, now=now)
    elif due.finalize_at > now:
        drafting.open_draft(account, due, now=now)
    due.due_at = None if is_final else due.finalize_at
    aim([due])


AIM: Final = """
UPDATE billing_invoicedue d SET due_at = a.due_at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS a (id, due_at) WHERE d.id = a.id
"""


def aim(rows: Sequence[InvoiceDue]) -> None:
    """Store when invoices that have to be made are due next: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(AIM, [[row.pk for row in rows], [row.due_at for row in rows]])


def _dun(account: LockedAccount, row: Dunning, now: datetime) -> None:
    dunning.take_steps(account, row, now=now)


MOVE: Final = Source(
    name="subscription", rows=Subscription.objects.all, instant="due_at", take=_move
)
BILL: Final = Source(name="invoice", rows=InvoiceDue.objects.all, instant="due_at", take=_bill)
SOURCES: Final[tuple[Source, ...]] = (
    Source(
        name="credit expiry",
        rows=lambda: CreditGrant.objects.filter(remaining_minor__gt=0),
        instant="expires_at",
        take=_expire,
        condition="s.remaining_minor > 0",
    ),
    MOVE,
    BILL,
    Source(name="dunning", rows=Dunning.objects.all, instant="due_at", take=_dun),
)


@cache
def _row(source: Source) -> Read[Any]:
    """Return the read of one row of a source: it is made once."""
    kind = source.rows().model._meta.pk.db_type(connection)  # noqa: SLF001
    return Read(lambda: source.rows().filter(pk=Given(0, kind)))


EARLIEST: Final = """
SELECT DISTINCT ON (a.id) a.id, w.instant, w.place, w.key
FROM billing_account a CROSS JOIN LATERAL ({steps}) AS w
WHERE {whose} AND a.closed_at IS NULL
    AND NOT EXISTS (SELECT FROM invoicing_parkedaccount p WHERE p.account_id = a.id)
ORDER BY a.id, w.instant, w.place
"""
THESE: Final = "a.id = ANY(%s::uuid[])"
ON_CLOCK: Final = "a.test_clock_id = %s::uuid"
STEP: Final = """
(SELECT s.{instant} AS instant, {place} AS place, s.{key}::text AS key FROM {table} s
 WHERE s.account_id = a.id AND s.{instant} <= %s AND {condition} ORDER BY 1, 3 LIMIT 1)"""


@cache
def _earliest(whose: str) -> str:
    """Return the statement over all sources: it is asked before everything, so it is kept."""
    steps = []
    for place, source in enumerate(SOURCES):
        meta = source.rows().model._meta  # noqa: SLF001
        steps.append(
            STEP.format(
                instant=source.instant,
                place=place,
                key=meta.pk.column,
                table=meta.db_table,
                condition=source.condition,
            )
        )
    return EARLIEST.format(steps=" UNION ALL ".join(steps), whose=whose)


def earliest(account_id: UUID, *, now: datetime) -> Work | None:
    """Return the account's first step that is due by `now`, or None: one query."""
    return earliest_of([account_id], now=now).get(account_id)


def earliest_of(account_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, Work]:
    """Return the first step of each of these accounts that has one due by `now`: one query."""
    rows = fetch(_earliest(THESE), [*[now] * len(SOURCES), list(account_ids)])
    return {
        account_id: Work(source=SOURCES[place], due_at=instant, key=key)
        for account_id, instant, place, key in rows
    }


def is_due(account: Account, *, now: datetime) -> bool:
    """Say whether anything of the account is due by `now`. Needs no lock."""
    return earliest(account.id, now=now) is not None


def due_accounts(*, now: datetime, limit: int) -> list[UUID]:
    """Return accounts on real time that have something due, the longest overdue first.

    Of accounts neither parked nor closed; each stands there once for each source.
    """
    firsts = [
        source.rows()
        .filter(
            **{f"{source.instant}__lte": now},
            account__parked__isnull=True,
            account__closed_at__isnull=True,
            account__test_clock__isnull=True,
        )
        .order_by()
        .values("account_id")
        .annotate(instant=Min(source.instant))
        .values_list("account_id", "instant")
        for source in SOURCES
    ]
    rows = firsts[0].union(*firsts[1:], all=True).order_by("instant", "account_id")
    return list(dict.fromkeys(account_id for account_id, _ in rows[: limit * len(SOURCES)]))[:limit]


def due_on_clock(clock: TestClock) -> tuple[datetime, list[UUID]] | None:
    """Return the first instant up to the clock's target that has work, and whose it is."""
    until = [clock.frozen_time] * len(SOURCES)
    rows = fetch(_earliest(ON_CLOCK), [*until, clock.id])
    if not rows:
        return None
    at = max(clock.reached_at, min(instant for _, instant, _, _ in rows))
    return at, sorted(account_id for account_id, instant, _, _ in rows if instant <= at)
