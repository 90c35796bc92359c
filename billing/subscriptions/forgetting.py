"""Words that were said of a closed account's subscriptions and credit: they may name anybody."""

from __future__ import annotations

from billing.accounts.models import LockedAccount
from billing.credits.models import CreditGrant
from billing.subscriptions.fee_models import Discount
from billing.subscriptions.models import Subscription


def forget_reasons(account: LockedAccount) -> None:
    """Forget why a subscription was cancelled, a discount or credit given. Amounts stay.

    What a final invoice printed of them stays on it.
    """
    of_account = {"account_id": account.id}
    Subscription.objects.filter(**of_account).update(cancellation_reason="")
    Discount.objects.filter(**of_account).update(reason="")
    CreditGrant.objects.filter(**of_account).update(reason="")
