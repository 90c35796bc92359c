"""Invariants of what Stripe took, for `bin/manage verify`: named by the setting BILLING_CHECKS.

Written apart from what receives, and slow on purpose: each looks at one account's rows. Reads only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from django.db.models import Sum

from billing.models import Account, CreditGrant
from invoicing.models import Invoice
from invoicing.records import Payment
from invoicing.verification.problems import Problem
from paying.models import Intent, Receipt
from paying.records import IntentStatus

MARK: Final = "stripe:"


def payments_have_receipts(account: Account) -> Iterator[Problem]:
    """Each payment that names a thing of Stripe's is of one that was received from this account."""
    receipts = {row.pk: row for row in Receipt.objects.filter(account=account)}
    for payment in Payment.objects.filter(account=account, reference__startswith=MARK):
        name = payment.reference.removeprefix(MARK)
        receipt = receipts.get(name)
        if receipt is None:
            says = f"it names {name}, of which nothing was received"
        elif receipt.currency != payment.currency:
            says = f"it is {payment.currency}, {name} took {receipt.currency}"
        else:
            continue
        yield Problem("payments have receipts", f"payment {payment.pk}", says)


def receipts_are_placed(account: Account) -> Iterator[Problem]:
    """What was received is on invoices or became credit; what is neither is said to be so."""
    placed = _placed(account)
    granted = _granted(account)
    for receipt in Receipt.objects.filter(account=account):
        went = placed[receipt.pk] + receipt.credited_minor
        left = receipt.amount_minor - went
        if not 0 <= left <= receipt.unexplained_minor:
            says = (
                f"it took {receipt.amount_minor}: {placed[receipt.pk]} are on invoices, "
                f"{receipt.credited_minor} became credit, {receipt.unexplained_minor} unexplained"
            )
            yield Problem("receipts are placed", f"receipt {receipt}", says)
        grant = granted.get(receipt.credit_id, 0)
        if grant != receipt.credited_minor:
            says = f"{receipt.credited_minor} became credit, the grant has {grant}"
            yield Problem("receipts are placed", f"receipt {receipt}", says)


def _placed(account: Account) -> Counter[str]:
    rows = Payment.objects.filter(account=account, reference__startswith=MARK).order_by()
    sums: Counter[str] = Counter()
    for reference, total in rows.values_list("reference").annotate(total=Sum("amount_minor")):
        sums[reference.removeprefix(MARK)] = total
    return sums


def _granted(account: Account) -> dict[object, int]:
    grants = CreditGrant.objects.filter(account=account)
    return dict(grants.values_list("pk", "amount_minor"))


def money_is_received_once(account: Account) -> Iterator[Problem]:
    """A payment or a charge of Stripe's stands behind one receipt: not told by two things."""
    behind: defaultdict[str, set[str]] = defaultdict(set)
    for receipt in Receipt.objects.filter(account=account):
        for name in {receipt.pk, receipt.intent_id, receipt.charge_id} - {""}:
            behind[name].add(receipt.pk)
    for name, receipts in sorted(behind.items()):
        if len(receipts) > 1:
            says = f"it was received more than once, by {' and '.join(sorted(receipts))}"
            yield Problem("money is received once", f"Stripe's {name}", says)


def what_is_paid_was_received(account: Account) -> Iterator[Problem]:
    """What we asked for and take for paid has its receipt, of this account."""
    receipts = dict(Receipt.objects.filter(account=account).values_list("pk", "currency"))
    paid = Intent.objects.filter(account=account, status=IntentStatus.PAID)
    for intent in paid.order_by("pk"):
        currency = receipts.get(intent.stripe_id or "")
        if currency == intent.currency:
            continue
        says = "it is paid, and has no receipt"
        if currency is not None:
            says = f"it asked for {intent.currency}, {currency} was received"
        yield Problem("what is paid was received", f"payment asked for {intent}", says)


def nothing_is_paid_above_its_total(account: Account) -> Iterator[Problem]:
    """No invoice holds more payments than it asks for: what was more became credit."""
    rows = Payment.objects.filter(account=account).order_by()
    paid = dict(rows.values_list("invoice_id").annotate(total=Sum("amount_minor")))
    for invoice in Invoice.objects.filter(pk__in=paid).order_by("pk"):
        most = invoice.total_minor - invoice.credits_applied_minor - invoice.credited_due_minor
        if paid[invoice.pk] > most:
            says = f"{paid[invoice.pk]} were paid, it asks for {most}"
            yield Problem("nothing is paid above its total", f"invoice {invoice}", says)
