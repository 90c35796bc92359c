"""The words that stand where a person's were, and the records that keep theirs."""

from __future__ import annotations

from typing import Final

NOBODY: Final = "user:erased"
"""The actor of an audit entry whose user is not named any more."""

NAMELESS: Final = "Deleted"
"""The name of a tenant whose customer was deleted."""

DELETION_REQUESTED: Final = "customer.deletion_requested"
KEPT_ACTIONS: Final = (DELETION_REQUESTED,)
"""Entries that go on naming their actor: they prove who asked for it."""
