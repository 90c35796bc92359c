"""Views of hot paths: the same authentication, errors and idempotency, without the framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from billing.http import idempotency
from billing.http.auth import authenticate
from billing.http.base import SurfaceView
from billing.http.callers import Caller
from billing.http.errors import body_of, headers_of, json_response, report, status_of, translate
from billing.http.jointly import Asked
from billing.kernel import clock
from billing.kernel.errors import BillingError

Answer = tuple[int, bytes, dict[str, str]]
"""Status, JSON, own headers."""


class PlainView(SurfaceView):
    """A path whose `plain` methods are answered by `plainly`; the others go the usual way.

    One instance may serve many requests at once (billing.http.hot_path): it keeps nothing of them.
    """

    plain: ClassVar[frozenset[str]] = frozenset()
    is_straight: ClassVar[bool] = False
    """Whether POSTs with a short body are answered by `straightly` (billing.http.straight)."""
    is_joint: ClassVar[bool] = False
    """Whether those that join (`joins`) are answered by `check` and `settle` instead, together."""

    def straightly(self, caller: Caller, body: bytes, content_type: str, **kwargs: str) -> Answer:
        """Authorise and answer, without a request of Django's."""
        raise NotImplementedError

    def joins(self, body: bytes) -> bool:
        """Say whether a request seems to be one that is answered together with others."""
        return self.is_joint

    def check(self, asked: Asked, known: dict[Any, Any]) -> None:
        """Authorise and read one of several that are answered together; it may get its `answer`.

        `known` is for what they have in common. What this raises is the request's error; Alone
        leaves it to `straightly`, as it does in `settle`.
        """
        raise NotImplementedError

    def settle(self, group: Sequence[Asked]) -> None:
        """Answer what was found right: each gets its `answer`, or the `error` raised for it."""
        raise NotImplementedError

    def plainly(
        self, request: HttpRequest, caller: Caller, once: idempotency.Once | None, **kwargs: str
    ) -> Answer:
        """Authorise and answer. Where there is a `once`, it keeps the answer with the work."""
        raise NotImplementedError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in self.plain:
            return super().dispatch(request, *args, **kwargs)
        try:
            request.get_host()
            return self._respond(request, kwargs)
        except Exception as error:  # noqa: BLE001 — every failure has the contract's shape
            translated = translate(error)
            report(error, translated)
            return json_response(translated)

    def _respond(self, request: HttpRequest, kwargs: dict[str, str]) -> HttpResponse:
        caller = authenticate(request.META)
        once = None
        if "HTTP_IDEMPOTENCY_KEY" in request.META:
            once = idempotency.once_for(request, caller=caller.name, now=clock.now())
        try:
            if once is not None:
                once.look()
            return response_of(self.plainly(request, caller, once, **kwargs))
        except idempotency.Replay as replay:
            kept = replay.kept
            headers = {**kept.headers, "Idempotent-Replayed": "true"}
            return response_of((kept.status, bytes(kept.body), headers))
        except BillingError as error:
            if once is not None and is_kept(error):
                body = msgspec.json.encode(body_of(error))
                once.keep_refusal(status_of(error), body, headers_of(error))
            raise


def is_kept(error: BillingError) -> bool:
    never = isinstance(error, idempotency.NEVER_KEPT)
    return not never and status_of(error) in idempotency.KEPT_ERRORS


def response_of(answer: Answer) -> HttpResponse:
    status, body, headers = answer
    return HttpResponse(body, status=status, content_type="application/json", headers=headers)
