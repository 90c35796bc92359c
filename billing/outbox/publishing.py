"""Writing an event in the transaction of what it tells of; its delivery is somebody else's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from billing.kernel.ids import uuid7
from billing.outbox import waking
from billing.outbox.kinds import EventKind

MOST_BYTES: Final = 64 * 1024
"""An event names what changed and how it stands; it is no export."""

WRITE: Final = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(accounts)s::uuid[], %(kinds)s::text[], %(data)s::text[])
        AS g (id, account_id, kind, data)),
next AS (
    INSERT INTO billing_outboxcounter AS c (account_id, last)
    SELECT account_id, 1 FROM given ORDER BY account_id
    ON CONFLICT (account_id) DO UPDATE SET last = c.last + 1
    RETURNING account_id, last)
INSERT INTO billing_outboxevent (id, account_id, number, kind, data, created_at, due_at)
SELECT id, account_id, next.last, kind, data::jsonb, %(now)s, statement_timestamp()
FROM given JOIN next USING (account_id)"""


def publish(account_id: UUID, kind: str, data: Mapping[str, object], *, now: datetime) -> UUID:
    """Write one event in the caller's transaction and return its id. One statement.

    It locks the account's counter of events until the commit, so that numbers have no gap and
    nobody sees 8 before 7: publish late in the transaction. `data` holds JSON values, UUIDs and
    times; `now` is the account's time. ValueError for a kind that `EventKind` does not know.
    """
    return publish_all([(account_id, kind, data)], now=now)[0]


def publish_all(
    events: Sequence[tuple[UUID, str, Mapping[str, object]]], *, now: datetime
) -> list[UUID]:
    """Write events of different accounts, each (account, kind, data), as `publish` would: one
    statement. Return their ids.
    """
    if not events:
        return []
    accounts = [account_id for account_id, _, _ in events]
    assert len(set(accounts)) == len(accounts), "one statement numbers one event of an account"
    texts = [json.dumps(dict(data), cls=DjangoJSONEncoder) for _, _, data in events]
    assert max(map(len, texts)) <= MOST_BYTES, "an event's data is bounded by whoever makes it"
    ids = [uuid7() for _ in events]
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            {
                "accounts": accounts,
                "ids": ids,
                "kinds": [EventKind(kind).value for _, kind, _ in events],
                "data": texts,
                "now": now,
            },
        )
    transaction.on_commit(waking.wake)
    return ids
