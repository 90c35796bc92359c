"""What the sandbox holds, in a file of the one who runs it: so that a restart forgets nothing."""

from __future__ import annotations

import pickle
from pathlib import Path

from tests.stripe_sandbox.idempotency import Keys
from tests.stripe_sandbox.world import PREFIXES, World


def save(path: Path, world: World, keys: Keys) -> None:
    """Write it whole, then put it in place."""
    held = {
        "account": world.account,
        "ahead": world.ahead,
        "objects": world.objects,
        "keys": {key: one for key, one in keys.kept.items() if one.status},
    }
    beside = path.with_suffix(".new")
    beside.touch(mode=0o600)
    beside.write_bytes(pickle.dumps(held))
    beside.replace(path)


def load(path: Path | None, world: World, keys: Keys) -> None:
    """Take up what a run before has kept. The file is our own: nobody else may write it."""
    if path is None or not path.exists():
        return
    held = pickle.loads(path.read_bytes())
    world.account, world.ahead = held["account"], held["ahead"]
    world.objects = {kind: held["objects"].get(kind, {}) for kind in PREFIXES}
    keys.kept = held["keys"]
