"""State machines as data: a table of transitions, and the one method that obeys it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from billing.kernel.errors import InvalidTransition

Transitions = Mapping[str, frozenset[str]]


class StateMachine:
    """Mix into a model that has a `status`; call `_move_to` from its transition methods only."""

    transitions: ClassVar[Transitions]
    status: str

    def _move_to(self, target: str) -> None:
        """Raise InvalidTransition, naming both states, where the table does not allow it."""
        if target not in self.transitions[self.status]:
            noun = type(self).__name__.lower()
            raise InvalidTransition(noun=noun, current=self.status, target=target)
        self.status = target
