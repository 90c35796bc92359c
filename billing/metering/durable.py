"""Recording gives its locks back first and is flushed afterwards, before anything is answered.

A commit that waits for its flush keeps its locks as long, and the writers of one account queue up
behind each other's flushes. So a recording commits without waiting (`commit_at_once`), and then a
small transaction that waits makes it durable: the log is flushed in order, so what was committed
before is on disk too, whichever connection did it. See docs/adr/0025.
"""

from __future__ import annotations

from typing import Final

from billing.kernel.statements import Statement

COMMIT_AT_ONCE: Final = "SELECT set_config('synchronous_commit', 'off', true)"
"""Have the running transaction's commit not wait. Whoever runs it calls `make_durable` after it."""

# A transaction waits for a flush only where it has written: a message that nobody reads is enough.
_FLUSH: Final = Statement(
    "billing_flush", "SELECT pg_logical_emit_message(true, 'billing_usage', '')::text"
)


def make_durable() -> None:
    """Return once everything that can be seen now is on disk.

    Within a transaction of the caller's: its commit waits for that, also where it wrote nothing.
    """
    _FLUSH.rows()
