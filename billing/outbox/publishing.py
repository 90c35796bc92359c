"""Writing an event in the transaction of what it tells of; its delivery is somebody else's."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
WITH next AS (
    INSERT INTO billing_outboxcounter AS c (account_id, last) VALUES (%(account)s, 1)
    ON CONFLICT (account_id) DO UPDATE SET last = c.last + 1
    RETURNING last)
INSERT INTO billing_outboxevent (id, account_id, number, kind, data, created_at, due_at)
SELECT %(id)s, %(account)s, next.last, %(kind)s, %(data)s::jsonb, %(now)s, statement_timestamp()
FROM next"""


def publish(account_id: UUID, kind: str, data: Mapping[str, object], *, now: datetime) -> UUID:
    """Write one event in the caller's transaction and return its id. One statement.

    It locks the account's counter of events until the commit, so that numbers have no gap and
    nobody sees 8 before 7: publish late in the transaction. `data` holds JSON values, UUIDs and
    times; `now` is the account's time. ValueError for a kind that `EventKind` does not know.
    """
    event_id = uuid7()
    text = json.dumps(dict(data), cls=DjangoJSONEncoder)
    assert len(text) <= MOST_BYTES, "an event's data is bounded by whoever makes it"
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            {
                "account": account_id,
                "id": event_id,
                "kind": EventKind(kind).value,
                "data": text,
                "now": now,
            },
        )
    transaction.on_commit(waking.wake)
    return event_id
