"""One request as the resources see it, and the table of who answers which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.stripe_sandbox.errors import missing_argument
from tests.stripe_sandbox.world import World

Answer = Callable[..., Any]
HANDLERS: Final[dict[str, Answer]] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """`given` are the parameters, typed as the document says."""

    world: World
    path: str
    given: Mapping[str, Any]

    def fields(self, *names: str) -> dict[str, Any]:
        """Return those of the parameters that were given; an empty text unsets."""
        return {
            name: self.given[name] or None if self.given[name] == "" else self.given[name]
            for name in names
            if name in self.given
        }

    def named(self, kind: str, param: str) -> dict[str, Any] | None:
        """Return the object that a parameter names, if it is given. Raises Stripe's 400."""
        name = self.given.get(param)
        return found(self.world, kind, name, param) if name else None


def found(world: World, kind: str, name: str, param: str) -> dict[str, Any]:
    one = world.objects[kind].get(name)
    if one is None or one.get("deleted"):
        raise missing_argument(kind, name, param)
    return one


def answers(operation: str) -> Callable[[Answer], Answer]:
    """Let a function answer an operation, such as "POST /v1/customers"."""

    def keep(function: Answer) -> Answer:
        assert operation not in HANDLERS
        HANDLERS[operation] = function
        return function

    return keep


def merged(old: Mapping[str, str] | None, new: Any) -> dict[str, str]:
    """Return metadata as Stripe updates it: by key, an empty value removes, "" removes all."""
    if new == "":
        return {}
    both = {**(old or {}), **(new or {})}
    return {key: value for key, value in both.items() if value != ""}
