"""Stripe's events on both surfaces: one handler. Kept first, then answered, then read."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.bodies import read_json
from billing.http.openapi import refusals
from billing.kernel import clock
from billing.kernel.errors import MalformedBody, invalid
from billing.stripe import states
from billing.stripe.current import is_live
from billing.stripe.errors import ModeRefused, SignatureRefused, StripeNotConfigured
from billing.stripe.signatures import require_signature
from customers.api.portal.shapes import ACKNOWLEDGED, AcknowledgedSerializer
from paying.inbox.storing import keep_event
from paying.records import EventSource

EVENT: Final[dict[str, Any]] = {
    "application/json": {
        "type": "object",
        "additionalProperties": True,
        "description": "An event as Stripe sends it, in whatever version of its API.",
    }
}
ABOUT: Final = (
    "For Stripe, which signs the body: `Stripe-Signature` has to be made of it with one of the "
    "secrets of `STRIPE_WEBHOOK_SECRET`, less than 300 seconds ago. The answer means that the "
    "event is stored, once however often it comes; what it is about is fetched from Stripe "
    "afterwards, so neither their order nor their API version matters. Types that we do nothing "
    "about are stored too. An event of the other mode (live or test) than our key's is refused."
)


def receive(request: Request) -> Response:
    """Store an event that Stripe signed.

    Raises StripeNotConfigured, SignatureRefused, MalformedBody, InvalidRequest, ModeRefused.
    """
    body = request._request.body  # noqa: SLF001  the raw bytes are what is signed
    secrets = settings.BILLING["STRIPE_WEBHOOK_SECRET"]
    if not secrets:
        raise StripeNotConfigured
    now = clock.now()
    require_signature(body, request.headers.get("Stripe-Signature"), secrets, now=now)
    said = read_json(body)
    if not isinstance(said, dict):
        raise MalformedBody(reason="it must be an object")
    event = states.event(said)
    if event is None:
        raise invalid("body", "must be an event, with id, type and created")
    if settings.BILLING["STRIPE_SECRET_KEY"] and event.livemode != is_live():
        raise ModeRefused
    keep_event(event=event, source=EventSource.WEBHOOK, now=now)
    return Response(ACKNOWLEDGED)


RESPONSES: Final = {
    200: AcknowledgedSerializer,
    **refusals(SignatureRefused, ModeRefused, StripeNotConfigured),
}
