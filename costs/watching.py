"""What the streams of costs watch: `current` of an account, and what tells that it has changed."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Callable, Hashable
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db.models import Count, Max

from billing.kernel import clock
from billing.metering.read import account_version
from billing.models import Account, Subscription, SubscriptionPeriod
from billing.subscriptions.errors import NoActiveSubscription
from costs.current import Current, current_costs
from costs.snapshot import snapshot
from costs.streams import Hub, Message

Show = Callable[[Current, Any], dict[str, Any]]
ENDS: Final = {signal.SIGTERM, signal.SIGINT}


def mark_of(account_id: UUID) -> Hashable:
    """Return what changes with every event, change of plan and period: three small queries."""
    subscriptions = Subscription.objects.filter(account_id=account_id)
    periods = SubscriptionPeriod.objects.filter(account_id=account_id)
    return (
        account_version(account_id),
        *subscriptions.aggregate(Max("updated_at")).values(),
        *periods.aggregate(Count("id")).values(),
    )


def message_of(account: Account, show: Show) -> Message:
    """Read `current` and write it as a message. Raises NoActiveSubscription."""
    now = clock.now_for(account)
    with snapshot():
        shown = show(current_costs(account, now=now), now)
    lasting = {name: value for name, value in shown.items() if name != "asOf"}
    digest = hashlib.sha256(msgspec.json.encode(lasting)).hexdigest()[:24]
    return Message(id=digest, data=msgspec.json.encode(shown))


def reader(show: Show) -> Callable[[UUID], Message | None]:
    """Make the hub's reader. It returns None where the account has gone or costs nothing more."""

    def read(account_id: UUID) -> Message | None:
        account = Account.objects.select_related("test_clock").filter(pk=account_id).first()
        if account is None or account.closed_at is not None:
            return None
        try:
            return message_of(account, show)
        except NoActiveSubscription:
            return None

    return read


def end_with_the_process(hub: Hub) -> None:
    """End the hub's streams when the process is told to end: the server waits for them else.

    Called where the web process loads, on its main thread. The server sets its own handlers
    afterwards; Python tells the wakeup descriptor of every signal, whoever handles it.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def wait() -> None:
        while told := os.read(reading, 1):
            if told[0] in ENDS:
                hub.end()
                return

    threading.Thread(target=wait, name="end-of-streams", daemon=True).start()
