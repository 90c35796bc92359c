"""The billing run over 10,000 subscriptions with 3 charges each: `bin/bench run`.

Each has a month and its grace behind it: the run opens the next period, makes the invoice, and
finalizes it. The reference are bare batched INSERTs of the very rows of invoices and lines that the
run has written, in the same server, into tables with the same indexes, checks and references. The
aim: at most 12 times their time, 6 if it can be; less with each worker; linear up to 50,000
(`bin/bench run --subscriptions 50000`); and no worker that grows with their number.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import django
from psycopg import sql

STARTS: Final = [datetime(2026, month, 1, tzinfo=UTC) for month in (7, 5, 3)]
"""Each run bills those that began before the ones of the run before it, so these are not due."""
MONTH: Final = timedelta(days=31)
BATCH: Final = 500
LIMIT, AIM = 12, 6
TABLES: Final = ("invoicing_invoice", "invoicing_invoiceline")
WORKERS: Final = (1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench run")
    parser.add_argument("--subscriptions", type=int, default=10_000)
    parser.add_argument("--work-until", help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    django.setup()
    if given.work_until:
        work(datetime.fromisoformat(given.work_until))
    else:
        measure(given.subscriptions)


def measure(count: int) -> None:
    from django.core.management import call_command  # noqa: PLC0415 — needs Django set up

    call_command("migrate", verbosity=0)
    small = max(count // 10, 100)
    few = timed_run(small, start=STARTS[0], workers=1)
    print(f"{small:>7,} subscriptions, 1 worker:  {few:8.2f} s, {small / few:6.0f} a second")
    for start, workers in zip(STARTS[1:], WORKERS, strict=True):
        took = timed_run(count, start=start, workers=workers)
        bare = bare_inserts(start + MONTH)
        ratio = took / bare
        verdict = "aim met" if ratio <= AIM else "met" if ratio <= LIMIT else "MISSED"
        print(
            f"{count:>7,} subscriptions, {workers} worker{'s' * (workers > 1)}: {took:8.2f} s, "
            f"{count / took:6.0f} a second; the bare rows {bare:6.2f} s: "
            f"ratio {ratio:.1f} (at most {LIMIT}: {verdict})"
        )
        if workers == 1:
            each = took / count / (few / small)
            print(f"        time for each, of that with a tenth of them: {each:.2f}")


def timed_run(count: int, *, start: datetime, workers: int) -> float:
    """Bill so many subscriptions with so many workers; return how long it took."""
    from django.db import connection  # noqa: PLC0415 — needs Django set up

    from benchmarks.population import populate  # noqa: PLC0415 — needs Django set up

    populate(count, start=start)
    connection.close()
    until = (start + MONTH + timedelta(hours=2)).isoformat()
    command = [sys.executable, __file__, "--work-until", until]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes: list[Any] = [subprocess.Popen(command, **pipes) for _ in range(workers)]
    for process in processes:
        process.stdout.readline()  # it has loaded all that it needs, and waits
    began = time.perf_counter()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.stdout.read() for process in processes]
    took = time.perf_counter() - began
    if any(process.wait() for process in processes):
        sys.exit("A worker failed.")
    print("        a worker's memory:", ", ".join(f"{one.strip()} MiB" for one in told))
    check(count, start + MONTH)
    return took


def work(now: datetime) -> None:
    """Be one worker: go on until nothing is due that nobody else is at."""
    from invoicing.run import run_due  # noqa: PLC0415 — needs Django set up

    print("ready", flush=True)
    sys.stdin.readline()
    idle = 0
    while idle < 2:
        idle = 0 if run_due(now=now) else idle + 1
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, flush=True)


def check(count: int, ended: datetime) -> None:
    """Exit where not every subscription has its invoice, final and with its lines."""
    from invoicing.models import Invoice  # noqa: PLC0415 — needs Django set up

    found = Invoice.objects.filter(period_end=ended, number__isnull=False).count()
    if found != count:
        sys.exit(f"{found} of {count} invoices are final.")


def bare_inserts(ended: datetime) -> float:
    """Write the rows of the invoices of the periods that ended then, and of their lines, anew."""
    from django.db import connection  # noqa: PLC0415 — needs Django set up

    connection.ensure_connection()
    raw = connection.connection
    took = 0.0
    with connection.cursor() as cursor:
        for table in TABLES:
            copy_table(cursor, table)
    rows = {table: rows_of(raw, table, ended) for table in TABLES}
    for table, (columns, found) in rows.items():
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        one = sql.SQL("({})").format(sql.SQL(", ").join(sql.Placeholder() * len(columns)))
        began = time.perf_counter()
        for first in range(0, len(found), BATCH):
            some = found[first : first + BATCH]
            many = sql.SQL(", ").join([one] * len(some))
            statement = sql.SQL("INSERT INTO {} ({}) VALUES {}").format(
                sql.Identifier(f"bare_{table}"), names, many
            )
            raw.cursor().execute(statement, [value for row in some for value in row])
        took += time.perf_counter() - began
    return took


def copy_table(cursor: Any, table: str) -> None:
    """Make an empty table like another, with its indexes, checks and references."""
    cursor.execute(f"DROP TABLE IF EXISTS bare_{table} CASCADE")
    cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'f'",
        [table],
    )
    for name, definition in cursor.fetchall():
        to = definition.replace(
            "REFERENCES invoicing_invoice(", "REFERENCES bare_invoicing_invoice("
        )
        cursor.execute(f'ALTER TABLE bare_{table} ADD CONSTRAINT "{name}" {to}')


def rows_of(raw: Any, table: str, ended: datetime) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and rows, jsonb as the text that is sent."""
    invoices = "SELECT id FROM invoicing_invoice WHERE period_end = %s AND number IS NOT NULL"
    key = "id" if table == "invoicing_invoice" else "invoice_id"
    with raw.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, udt_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position",
            [table],
        )
        described = cursor.fetchall()
        shown = ", ".join(f"{name}::text" if kind == "jsonb" else name for name, kind in described)
        cursor.execute(f"SELECT {shown} FROM {table} WHERE {key} IN ({invoices})", [ended])
        return [name for name, _ in described], cursor.fetchall()


if __name__ == "__main__":
    main()
