"""What Stripe had of a thing when it was last looked at, and what of ours differed from it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from billing.kernel.services import service
from paying.models import StripeThing
from paying.syncing.done import Done

NOT_THERE: Final = "Stripe does not have it"


def note(name: str, kind: str, done: Done, *, now: datetime) -> None:
    """Write what was seen; what differs no more is cleared. Opens no transaction."""
    seen = {"status": done.status[:64], "drift": done.drift[:255], "seen_at": now}
    if done.is_ours:
        seen["kind"], seen["account_id"] = kind, done.account_id
        StripeThing.objects.update_or_create(id=name, defaults=seen)


@service
def see(*, name: str, kind: str, done: Done, now: datetime) -> bool:
    """Note what was seen of a thing that is ours; return whether ours differs.

    What we know of and Stripe does not have differs, too.
    """
    if done.is_ours:
        note(name, kind, done, now=now)
        return bool(done.drift)
    gone = {"kind": kind, "drift": NOT_THERE, "status": "", "seen_at": now}
    StripeThing.objects.update_or_create(id=name, defaults=gone)
    return True
