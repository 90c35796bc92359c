"""How a plain Django view, of the hot path, says what it is: by a view that is never called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from rest_framework.views import APIView

V = TypeVar("V", bound=Callable[..., Any])

ATTRIBUTE = "described_by"


def described_by(description: type[APIView]) -> Callable[[V], V]:
    """Tie a plain view to the class that describes it in the API document.

    The class is written like any view of the surface (`needs`, `@extend_schema` on a method for
    each HTTP method), so the document is made of both kinds alike; its methods are never called.
    `functools.wraps` carries the tie through decorators that are put around the view.
    """

    def tie(view: V) -> V:
        setattr(view, ATTRIBUTE, description)
        return view

    return tie


def description_of(view: Any) -> type[APIView] | None:
    """Return the class that describes a view: its own, where it is one of DRF's."""
    found: type[APIView] | None = getattr(view, ATTRIBUTE, None) or getattr(view, "cls", None)
    return found
