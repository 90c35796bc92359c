"""`/invoices/{id}/payment-intent`: paying an invoice in the browser."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import TextField
from billing.http.openapi import refusals
from billing.http.permissions import Need
from billing.http.serializers import read_action
from billing.kernel import clock
from billing.stripe.current import gateway
from billing.stripe.errors import StripeError, StripeNotConfigured
from billing.subscriptions.catch_up import catch_up
from invoicing.api.platform.invoices import InvoiceBase, NoInput
from paying.buying.intents import Asked, ask_payment
from paying.errors import AmountBelowMinimum, NothingDue, NotYetSettled


class PaymentIntentSerializer(serializers.Serializer[Any]):
    """A payment to confirm in the browser, with Stripe's own scripts."""

    paymentIntentId = TextField()
    clientSecret = TextField()
    amount = TextField()
    currency = TextField()


def show(asked: Asked) -> dict[str, str]:
    return {
        "paymentIntentId": asked.intent_id,
        "clientSecret": asked.client_secret,
        "amount": asked.amount.amount,
        "currency": asked.amount.currency,
    }


class PaymentIntentView(InvoiceBase):
    """Pay in the browser."""

    needs = {"POST": Need.OWN}

    @extend_schema(
        operation_id="create_payment_intent",
        summary="Pay an invoice in the browser",
        description="A payment intent of Stripe's for what is due now. Asked again, it is the same "
        "one while the amount is the same and it can be paid; another amount makes another one, "
        "and the older is canceled. The invoice is paid when Stripe tells us so. Nothing due, or "
        "less than Stripe takes: 409. While a charge of the method on file is under way: 503.",
        tags=["Stripe"],
        request=None,
        responses={
            200: PaymentIntentSerializer,
            **refusals(
                NothingDue, AmountBelowMinimum, NotYetSettled, StripeError, StripeNotConfigured
            ),
        },
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        account, found = self.invoice(invoice_id)
        read_action(NoInput, request)
        catch_up(account, now=clock.now_for(account))
        return self.answer(
            ask_payment,
            show,
            account_id=account.id,
            invoice_id=found.id,
            stripe=gateway(),
            now=clock.now(),
        )
