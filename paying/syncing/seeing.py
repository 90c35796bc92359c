"""What Stripe had of a thing when it was last looked at, and what of ours differed from it."""

from __future__ import annotations

from datetime import datetime

from billing.kernel.services import service
from paying.models import StripeThing
from paying.syncing.done import Done


def note(name: str, kind: str, done: Done, *, is_known: bool = False, now: datetime) -> None:
    """Write what was seen; what differs no more is cleared. Opens no transaction.

    Of a thing that is nobody's only what was noted before is written anew, unless it `is_known`.
    """
    seen = {"status": done.status[:64], "drift": done.drift[:255], "seen_at": now}
    if done.is_ours:
        seen["account_id"] = done.account_id
    if done.is_ours or is_known:
        StripeThing.objects.update_or_create(id=name, defaults={"kind": kind, **seen})
    else:
        StripeThing.objects.filter(pk=name).update(**seen)
    for other_kind, other, seen_with_it in done.beside:
        note(other, other_kind, seen_with_it, now=now)


@service
def see(*, name: str, kind: str, done: Done, now: datetime) -> set[str]:
    """Note what was seen of a thing that we know; return of which ids ours differs.

    What we know of and Stripe does not have differs, too; what became nobody's does not.
    """
    note(name, kind, done, is_known=True, now=now)
    seen = [(name, done), *((other, said) for _, other, said in done.beside)]
    return {one for one, said in seen if said.drift}
