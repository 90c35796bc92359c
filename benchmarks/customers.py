"""A page of 100 customers out of 10,000 against one out of 100: `bin/bench customers`.

Two databases of one Postgres, a web server over each; requests to the two alternate, so that
whatever else the machine does meets both alike. Every page that is compared holds 100 customers:
with and without filters, with its count. The aim: a ratio of the medians of at most 1.5.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import time
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from benchmarks.system import System, running

BASE: Final = "/api/billing/v1"
FEW, MANY = 100, int(os.environ.get("BENCH_CUSTOMERS", "10000"))
ROUNDS: Final = 200
LIMIT: Final = 1.5
TIERS: Final = ("Pro", "Free", "Team", "Business")
PAGES: Final = (
    ("all", "", ""),
    ("a page half-way", "", f"&page={MANY // 200}"),
    ("status=active", "&status=active", "&status=active"),
    ("status=past_due (one in a hundred)", "&status=active", "&status=past_due"),
    ("tierName=Pro", "&tierName=Pro", "&tierName=Pro"),
    (
        "tierName=Pro&status=active",
        "&tierName=Pro&status=active",
        "&tierName=Pro&status=active",
    ),
)
"""What is asked for: a name, the query of the few, that of the many."""

# Of the many each tier has a quarter; every hundredth is past due, one in seven cancelled.
# The few are all active on Pro.
POPULATION: Final = """
INSERT INTO billing_plan (id, code, name, description, is_active, is_default, sort_order,
        created_at)
    SELECT gen_random_uuid(), lower(name), name, '', true, false, place, now()
    FROM unnest(%(tiers)s::text[]) WITH ORDINALITY AS tier (name, place);
INSERT INTO billing_planversion (id, plan_id, version, currency, interval, price_minor,
        pay_in_advance, trial_days, tax_category, tax_behavior, stripe_price_id, created_at)
    SELECT id, id, 1, 'USD', 'MONTH', 900, false, 0, 'STANDARD', 'EXCLUSIVE', '', now()
    FROM billing_plan;
CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS
    SELECT gen_random_uuid() AS id, number, now() - make_interval(mins => number) AS made,
        (%(tiers)s::text[])[CASE WHEN %(mixed)s THEN 1 + number %% 4 ELSE 1 END] AS tier,
        CASE WHEN NOT %(mixed)s THEN 'ACTIVE' WHEN number %% 100 = 0 THEN 'PAST_DUE'
            WHEN number %% 7 = 0 THEN 'CANCELLED' ELSE 'ACTIVE' END AS status
    FROM generate_series(1, %(count)s) AS number;
INSERT INTO billing_account (id, customer_id, currency, timezone, stripe_customer_id, created_at)
    SELECT id, NULL, 'USD', 'UTC', '', made FROM wanted;
UPDATE billing_account SET customer_id = id;
INSERT INTO customers_customer (account_id, name, email, created_at, subscription_status)
    SELECT id, 'Customer ' || number, 'ap@example.com', made, '' FROM wanted;
INSERT INTO customers_membership (id, customer_id, user_id, role, created_at)
    SELECT gen_random_uuid(), id, gen_random_uuid(), least(member, 2), made
    FROM wanted, generate_series(0, 4) AS member;
INSERT INTO billing_subscription (id, account_id, plan_version_id, status, timezone, started_at,
        anchor_at, cancel_at_period_end, ended_at, cancellation_reason, stripe_subscription_id,
        standing, created_at, updated_at)
    SELECT gen_random_uuid(), wanted.id, plan.id, status, 'UTC', made, made, false,
        CASE status WHEN 'CANCELLED' THEN now() END, '', '',
        CASE status WHEN 'PAST_DUE' THEN status ELSE '' END, made, now()
    FROM wanted JOIN billing_plan plan ON plan.name = wanted.tier;
"""


def another_database() -> str:
    """Make one more database beside that of DATABASE_URL, of the same owner; return its address."""
    given = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(os.environ["BENCH_SUPERUSER_URL"], autocommit=True) as connection:
        owner = sql.Identifier(str(given.username))
        connection.execute(sql.SQL("CREATE DATABASE few OWNER {}").format(owner))
    return urlunsplit(given._replace(path="/few"))


def populate(system: System, count: int, *, mixed: bool) -> None:
    values = {"tiers": list(TIERS), "count": count, "mixed": mixed}
    with psycopg.connect(system.database, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(POPULATION, values)
    with system.connect() as connection:
        connection.execute("VACUUM ANALYZE")  # as autovacuum leaves it


class Client:
    """One kept connection to a server."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.connection = http.client.HTTPConnection("127.0.0.1", system.port, timeout=60)

    def page(self, query: str) -> Any:
        path = f"{BASE}/admin/customers?limit=100{query}"
        self.connection.request("GET", path, headers=self.system.headers())
        answer = self.connection.getresponse()
        body = json.loads(answer.read())
        if answer.status != 200 or len(body["customers"]) != 100:
            raise RuntimeError(
                f"{path}: {answer.status}, {len(body.get('customers', ()))} customers"
            )
        return body

    def timed(self, query: str) -> float:
        began = time.perf_counter()
        self.page(query)
        return time.perf_counter() - began


def compare(few: Client, many: Client, page: tuple[str, str, str]) -> None:
    name, of_few, of_many = page
    for _ in range(20):
        few.timed(of_few), many.timed(of_many)
    pairs = [(few.timed(of_few), many.timed(of_many)) for _ in range(ROUNDS)]
    small = statistics.median(pair[0] for pair in pairs)
    large = statistics.median(pair[1] for pair in pairs)
    verdict = "met" if large / small <= LIMIT else "MISSED"
    print(
        f"{name:36} {small * 1000:6.2f} ms of {few.page(of_few)['items']:>6,}, "
        f"{large * 1000:6.2f} ms of {many.page(of_many)['items']:>6,}: "
        f"ratio {large / small:.2f} (at most {LIMIT}: {verdict})"
    )


def main() -> None:
    with running(database=another_database()) as small, running() as large:
        populate(small, FEW, mixed=False)
        populate(large, MANY, mixed=True)
        few, many = Client(small), Client(large)
        for page in PAGES:
            compare(few, many, page)


if __name__ == "__main__":
    main()
