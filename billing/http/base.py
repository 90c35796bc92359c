"""The base of every view: authentication, errors and idempotency come from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.http import idempotency
from billing.http.auth import CallerAuthentication
from billing.http.bodies import StrictJSONParser
from billing.http.callers import Caller
from billing.http.errors import Statuses, headers_of, status_of
from billing.kernel import clock
from billing.kernel.errors import BillingError, Forbidden, RouteNotFound
from billing.kernel.services import once

R = TypeVar("R")


class SurfaceView(APIView):
    """A path of a surface. `needs` says what each method takes; one without a need is refused.

    `statuses` says, by method, which errors this path answers with another status than their kind
    has: the same conflict is a 412 on one path and a 409 on another.
    """

    authentication_classes: Sequence[type[BaseAuthentication]] = (CallerAuthentication,)
    permission_classes = ()
    parser_classes = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    needs: ClassVar[Mapping[str, StrEnum]] = {}
    statuses: ClassVar[Mapping[str, Statuses]] = {}

    once: idempotency.Once | None = None

    @property
    def caller(self) -> Caller:
        caller: Caller = self.request.user  # type: ignore[assignment]
        return caller

    @property
    def need(self) -> Any:
        """What this request's method takes. HEAD and OPTIONS tell no more than GET does."""
        method = str(self.request.method)
        if method in {"OPTIONS", "HEAD"}:
            method = "GET" if "GET" in self.needs else next(iter(self.needs))
        if method not in self.needs:
            raise Forbidden(needed="nobody")
        return self.needs[method]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if str(request.method) not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        if any("\x00" in str(part) for part in kwargs.values()):
            raise RouteNotFound
        super().initial(request, *args, **kwargs)
        need = self.need
        self.once = idempotency.once_for(
            request._request,  # noqa: SLF001
            caller=getattr(request.user, "name", "anonymous"),
            now=clock.now(),
        )
        if self.once is not None:
            self.once.look()
            once.set(self.once)
        self.authorise(need, kwargs)

    def authorise(self, need: Any, kwargs: dict[str, Any]) -> None:
        """Refuse a caller that may not do what the need names. Raises what the surface says."""
        raise NotImplementedError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        token = once.set(None)
        try:
            with translation.override("en"):  # machine text is one language, whatever is asked for
                return super().dispatch(request, *args, **kwargs)
        finally:
            once.reset(token)

    def answer(
        self,
        service: Callable[..., R],
        show: Callable[[R], Any],
        *,
        status: int = 200,
        **arguments: Any,
    ) -> Response:
        """Call a service and answer with what it made; an Idempotency-Key keeps the answer."""
        if self.once is not None:
            self.once.render = lambda result: (status, JSONRenderer().render(show(result)), {})
        result = service(**arguments)
        return Response(show(result), status=status)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep a success that no one service kept: of a view that calls several, or none."""
        finished = super().finalize_response(request, response, *args, **kwargs)
        unkept = self.once is not None and not self.once.kept
        is_first = "Idempotent-Replayed" not in finished.headers
        if self.once is not None and unkept and is_first and 200 <= finished.status_code < 300:
            body = b"" if finished.data is None else JSONRenderer().render(finished.data)
            self.once.keep_refusal(finished.status_code, body, {})
        return finished

    def status_of(self, error: BillingError) -> int:
        """Return the status that this path and method answers an error with."""
        return status_of(error, self.statuses.get(str(self.request.method), {}))

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, idempotency.Replay):
            return replayed(exc)
        response = super().handle_exception(exc)
        self.keep_refusal(exc, response)
        return response

    def keep_refusal(self, exc: Exception, response: Response) -> None:
        """Keep what decided something: the same key gets the same refusal for a day."""
        if (
            self.once is None
            or not isinstance(exc, BillingError)
            or isinstance(exc, idempotency.NEVER_KEPT)
            or self.status_of(exc) not in idempotency.KEPT_ERRORS
        ):
            return
        status = self.status_of(exc)
        body = JSONRenderer().render(response.data)
        self.once.keep_refusal(status, body, headers_of(exc, status))


def replayed(replay: idempotency.Replay) -> Response:
    kept = replay.kept
    response = Response(status=kept.status, headers={**kept.headers, "Idempotent-Replayed": "true"})
    response.data = idempotency.decode(kept)
    return response
