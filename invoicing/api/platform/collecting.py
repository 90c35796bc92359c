"""`/invoices/{id}/payments` and `…/mark-uncollectible`: what came in, or never will."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import AmountField, IdField, TextField, TimeField, format_timestamp
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need
from billing.http.serializers import Input, read, read_action, read_query
from billing.kernel import clock
from billing.kernel.errors import AlreadyExists, InvalidTransition
from billing.kernel.money import Money
from billing.subscriptions.catch_up import catch_up
from invoicing import collecting
from invoicing.api.platform.invoices import InvoiceBase, NoInput, show
from invoicing.api.platform.shapes import InvoiceSerializer
from invoicing.errors import PaymentAboveDue
from invoicing.records import Payment


class PaymentInput(Input):
    """What came in. `reference` is yours, such as that of the bank transfer."""

    amount = AmountField()
    reference = TextField(required=False, allow_null=True)
    paidAt = TimeField(required=False, allow_null=True)


class PaymentSerializer(serializers.Serializer[Any]):
    """A payment. `paidAt` is when it came in, `createdAt` when we were told."""

    id = IdField()
    invoiceId = IdField()
    amount = TextField()
    currency = TextField()
    reference = TextField(allow_null=True)
    paidAt = TimeField()
    createdAt = TimeField()


def show_payment(payment: Payment) -> dict[str, Any]:
    return {
        "id": str(payment.id),
        "invoiceId": str(payment.invoice_id),
        "amount": Money(payment.amount_minor, payment.currency).amount,
        "currency": payment.currency,
        "reference": payment.reference or None,
        "paidAt": format_timestamp(payment.paid_at),
        "createdAt": format_timestamp(payment.created_at),
    }


SORTS: Final = {"createdAt": "created_at", "paidAt": "paid_at"}
PaymentQuery = page_query(SORTS)


class PaymentsView(InvoiceBase):
    """An invoice's payments."""

    needs = {"GET": Need.READ, "POST": Need.ADMIN}

    @extend_schema(
        operation_id="record_payment",
        summary="Record a payment from outside Stripe",
        description="PARTIALLY_PAID, or PAID once nothing is due; an UNCOLLECTIBLE invoice stays "
        "so until it is paid in full. The amount is above zero, with exactly the currency's "
        "decimals (a JSON number: at most so many); more than what is due is a 409. `paidAt` is "
        "now where it is left out, never later and never before the issue date. A `reference` is "
        "taken once per invoice: again, it is a 409. A subscription that was PAST_DUE or UNPAID "
        "is led back once none of its invoices is overdue.",
        tags=["Invoices"],
        request=PaymentInput,
        responses={
            200: InvoiceSerializer,
            **refusals(InvalidTransition, PaymentAboveDue, AlreadyExists),
        },
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        account, found = self.invoice(invoice_id)
        given = read(PaymentInput, request.data)
        now = clock.now_for(account)
        catch_up(account, now=now)
        return self.answer(
            collecting.record_payment,
            show,
            account_id=account.id,
            invoice_id=found.id,
            amount=given["amount"],
            reference=given.get("reference") or "",
            paid_at=given.get("paidAt"),
            now=now,
        )

    @extend_schema(
        operation_id="list_payments",
        summary="List an invoice's payments",
        description="Newest first.",
        tags=["Invoices"],
        parameters=[PaymentQuery],
        responses=listing(PaymentSerializer),
    )
    def get(self, request: Request, invoice_id: str) -> Response:
        _account, found = self.invoice(invoice_id)
        query = read_query(PaymentQuery, request)
        return page_of(Payment.objects.filter(invoice_id=found.id), query, SORTS, show_payment)


class UncollectibleView(InvoiceBase):
    """Write off."""

    needs = {"POST": Need.ADMIN}

    @extend_schema(
        operation_id="mark_uncollectible",
        summary="Mark an invoice uncollectible",
        description="It is asked for no more, and no longer holds its subscription overdue. It "
        "may still be paid, credited or voided.",
        tags=["Invoices"],
        request=None,
        responses={200: InvoiceSerializer, **refusals(InvalidTransition)},
    )
    def post(self, request: Request, invoice_id: str) -> Response:
        account, found = self.invoice(invoice_id)
        read_action(NoInput, request)
        now = clock.now_for(account)
        catch_up(account, now=now)
        return self.answer(
            collecting.mark_uncollectible,
            show,
            account_id=account.id,
            invoice_id=found.id,
            now=now,
        )
