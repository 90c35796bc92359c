"""Failures that we expect: what happened, in the domain's words. The surface says it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    INVALID = "invalid"  # the request contradicts itself or our rules
    FORBIDDEN = "forbidden"  # the caller may not do this
    NOT_FOUND = "not_found"  # no such thing, or not yours to see
    CONFLICT = "conflict"  # true a moment ago, or true already: look again
    PRECONDITION = "precondition"  # a business precondition fails, where the contract says 412
    PAYMENT_REQUIRED = "payment_required"  # the plan does not include this
    SPENT = "spent"  # a rate is used up; the same request may succeed once its window is over
    UPSTREAM = "upstream"  # another system failed us
    NOT_IMPLEMENTED = "not_implemented"  # named by the contract as done elsewhere
    MISCONFIGURED = "misconfigured"  # whoever runs the system has to set something up first
    UNAVAILABLE = "unavailable"  # we cannot do it now; the same request may succeed soon


class BillingError(Exception):
    """An expected failure. Subclasses set `code`, `kind` and `message`; never raise this one.

    `message` is the constant text with {places}; equal errors share its md5 as `x-error-id`.
    `details` names fields and rules; `extra` are fields that stand beside `error` in the body.
    """

    code: ClassVar[str]
    kind: ClassVar[Kind]
    message: ClassVar[str]

    def __init__(
        self,
        *,
        details: list[dict[str, str]] | None = None,
        retry_after: int | None = None,
        extra: dict[str, object] | None = None,
        **params: object,
    ) -> None:
        self.params = params
        self.details = details or []
        self.retry_after = retry_after
        self.extra = extra or {}
        super().__init__(self.message.format(**params))


def every_error(base: type[BillingError] = BillingError) -> Iterator[type[BillingError]]:
    """Walk all error classes that are imported: for the API document and for tests."""
    for subclass in base.__subclasses__():
        if "code" in subclass.__dict__:
            yield subclass
        yield from every_error(subclass)


class InvalidRequest(BillingError):
    """A field is wrong: `details` says which, and which rule it breaks."""

    code = "INVALID_REQUEST"
    kind = Kind.INVALID
    message = "The request is not valid: {summary}"


def invalid(field: str, rule: str) -> InvalidRequest:
    """Refuse one field with the rule that it breaks."""
    return invalid_fields([(field, rule)])


def invalid_fields(problems: list[tuple[str, str]]) -> InvalidRequest:
    """Refuse several fields at once, so that a caller mends them in one go: 50 at most.

    A field's name may be the caller's own text, so it is cut at 200 characters.
    """
    problems = [(field[:200], rule) for field, rule in problems[:50]]
    details = [{"field": field, "message": rule} for field, rule in problems]
    return InvalidRequest(summary="; ".join(f"{f}: {r}" for f, r in problems[:5]), details=details)


class MalformedBody(BillingError):
    code = "MALFORMED_BODY"
    kind = Kind.INVALID
    message = "The body is not readable JSON: {reason}"


class UnsupportedMediaType(BillingError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    kind = Kind.INVALID
    message = "Send the body as application/json."


class BodyTooLarge(BillingError):
    code = "BODY_TOO_LARGE"
    kind = Kind.INVALID
    message = "The body is larger than {limit_mib} MiB. Send it in smaller parts."


class NotAuthenticated(BillingError):
    code = "NOT_AUTHENTICATED"
    kind = Kind.FORBIDDEN
    message = "Send a bearer token, or api-key and api-secret."


class InvalidCredentials(BillingError):
    code = "INVALID_CREDENTIALS"
    kind = Kind.FORBIDDEN
    message = "The credentials are not valid: {reason}"


class TwoCredentials(BillingError):
    code = "TWO_CREDENTIALS"
    kind = Kind.INVALID
    message = "Send either a bearer token or an API key, not both."


class Forbidden(BillingError):
    code = "FORBIDDEN"
    kind = Kind.FORBIDDEN
    message = "You may not do this: it takes {needed}."


class CrossSiteRequest(BillingError):
    code = "CROSS_SITE_REQUEST"
    kind = Kind.FORBIDDEN
    message = "This looks like a form of another site. Reload the page and try again."


class TenantMismatch(BillingError):
    code = "TENANT_MISMATCH"
    kind = Kind.FORBIDDEN
    message = "This tenant is not yours."


class NoCustomer(BillingError):
    code = "NO_CUSTOMER"
    kind = Kind.NOT_FOUND
    message = "You belong to no customer. Make one, or ask its owner to add you."


class NotFound(BillingError):
    code = "NOT_FOUND"
    kind = Kind.NOT_FOUND
    message = "There is no such {noun}."


class TenantNotFound(BillingError):
    code = "TENANT_NOT_FOUND"
    kind = Kind.NOT_FOUND
    message = "There is no such tenant."


class RouteNotFound(BillingError):
    code = "ROUTE_NOT_FOUND"
    kind = Kind.NOT_FOUND
    message = "There is nothing at this path; /api/docs lists what there is."


class MethodNotAllowed(BillingError):
    code = "METHOD_NOT_ALLOWED"
    kind = Kind.INVALID
    message = "This path does not take that method; see the Allow header."


class AlreadyExists(BillingError):
    code = "ALREADY_EXISTS"
    kind = Kind.CONFLICT
    message = "There is one already: {what}."


class InvalidTransition(BillingError):
    code = "INVALID_TRANSITION"
    kind = Kind.CONFLICT
    message = "The {noun} is {current}, so it can't become {target}."


class AmountOutOfBounds(BillingError):
    code = "AMOUNT_OUT_OF_BOUNDS"
    kind = Kind.CONFLICT
    message = "The bill is larger than any that we can store; look at the plan's prices."


class IdempotencyConflict(BillingError):
    code = "IDEMPOTENCY_CONFLICT"
    kind = Kind.CONFLICT
    message = "This Idempotency-Key was used for another request. Take a new key."


class IdempotencyInProgress(BillingError):
    code = "IDEMPOTENCY_IN_PROGRESS"
    kind = Kind.CONFLICT
    message = "The first request with this Idempotency-Key is still running. Ask again soon."


class Throttled(BillingError):
    code = "RATE_LIMITED"
    kind = Kind.UNAVAILABLE
    message = "Too many requests. Wait for as long as Retry-After says."


class ServiceUnavailable(BillingError):
    code = "SERVICE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE
    message = "We can't answer now. Nothing was done; send the same request again soon."


class InternalError(BillingError):
    """A bug, or something that nobody foresaw. Its id is in the logs."""

    code = "INTERNAL_ERROR"
    kind = Kind.UPSTREAM
    message = "Something went wrong on our side. Tell us the request id."
