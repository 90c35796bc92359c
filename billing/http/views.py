"""The base of surface B's views: authentication, tenancy and idempotency come from here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.http import idempotency
from billing.http.auth import CallerAuthentication
from billing.http.bodies import StrictJSONParser
from billing.http.callers import Caller
from billing.http.errors import headers_of, status_of
from billing.http.permissions import Need, account_for, require
from billing.kernel import clock
from billing.kernel.errors import BillingError, Forbidden, RouteNotFound, invalid
from billing.kernel.ids import UUID_FORM
from billing.kernel.services import once
from billing.models import Account

R = TypeVar("R")


def path_id(text: str, name: str) -> UUID:
    """Read an id of the path. Raises InvalidRequest (400) naming it."""
    if not UUID_FORM.fullmatch(text):
        raise invalid(name, "must be a UUID")
    return UUID(text)


class PlatformView(APIView):
    """A path of surface B. `needs` says what each method takes; one without a need is refused."""

    authentication_classes = (CallerAuthentication,)
    permission_classes = ()
    parser_classes = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    needs: ClassVar[dict[str, Need]] = {}

    once: idempotency.Once | None = None

    @property
    def caller(self) -> Caller:
        caller: Caller = self.request.user  # type: ignore[assignment]
        return caller

    @property
    def need(self) -> Need:
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
            caller=self.caller.name,
            now=clock.now(),
        )
        if self.once is not None:
            self.once.look()
            once.set(self.once)
        if need is Need.ADMIN:
            if not self.caller.is_platform_admin:
                self.refuse_stranger(kwargs)
            require(self.caller, Need.ADMIN)  # an admin's key may lack the scope

    def refuse_stranger(self, kwargs: dict[str, Any]) -> None:
        """Refuse a tenant of the path that is not the caller's first: TENANT_MISMATCH."""
        if "tenant_id" in kwargs:
            self.account(kwargs["tenant_id"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        token = once.set(None)
        try:
            with translation.override("en"):  # machine text is one language, whatever is asked for
                return super().dispatch(request, *args, **kwargs)
        finally:
            once.reset(token)

    def account(self, tenant_id: str, need: Need | None = None) -> Account:
        """Return the tenant's account for this caller and method, or refuse it."""
        return account_for(self.caller, path_id(tenant_id, "tenantId"), need or self.need)

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
            or status_of(exc) not in idempotency.KEPT_ERRORS
        ):
            return
        body = JSONRenderer().render(response.data)
        self.once.keep_refusal(status_of(exc), body, headers_of(exc))


def replayed(replay: idempotency.Replay) -> Response:
    kept = replay.kept
    response = Response(status=kept.status, headers={**kept.headers, "Idempotent-Replayed": "true"})
    response.data = idempotency.decode(kept)
    return response
