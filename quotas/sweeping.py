"""Of a user's uses the newest hundred are kept, also where they count for many customers."""

from __future__ import annotations

from typing import Final

from django.db import connection

from quotas.queries import NEWEST

LIMIT: Final = 10_000
OLDER: Final = """
WITH older AS (
    SELECT id FROM (
        SELECT id, row_number() OVER (
            PARTITION BY user_id, kind ORDER BY used_at DESC, number DESC, account_id DESC
        ) AS place
        FROM quotas_userevent
        WHERE user_id IN (SELECT user_id FROM quotas_userevent
                          GROUP BY user_id, kind HAVING count(*) > %(kept)s)
    ) AS numbered
    WHERE place > %(kept)s LIMIT %(limit)s
)
DELETE FROM quotas_userevent e USING older WHERE e.id = older.id
"""


def sweep_events() -> int:
    """Delete what no list shows any more, a bounded part of it; return how much. Tallies stay."""
    with connection.cursor() as cursor:
        cursor.execute(OLDER, {"kept": NEWEST, "limit": LIMIT})
        return int(cursor.rowcount)
