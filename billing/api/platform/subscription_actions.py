"""`/subscriptions/{id}/…`: what is done to a subscription."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.platform.subscriptions import SubscriptionSerializer, show
from billing.http.fields import (
    DecimalStringField,
    FlagField,
    OneOfField,
    TextField,
    WholeField,
)
from billing.http.openapi import refusals
from billing.http.permissions import Need, account_for, reaches
from billing.http.serializers import Input, read_action
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.errors import InvalidTransition, NotFound
from billing.models import Account
from billing.subscriptions import changing, discounting, ending, pausing
from billing.subscriptions.catch_up import catch_up
from billing.subscriptions.changing import When
from billing.subscriptions.errors import CurrencyMismatch, PlanNotActive
from billing.subscriptions.fee_models import MOST_MONTHS
from billing.subscriptions.models import Subscription

TAGS: Final = ["Subscriptions"]
LEAST_PERCENT: Final = Decimal("0.000000000001")


class ChangePlanInput(Input):
    """`newPlanId` is a version's id, or a code: its newest version."""

    newPlanId = TextField()
    when = OneOfField(choices=[When.NOW.value, When.PERIOD_END.value])
    prorate = FlagField(required=False)


class CancelInput(Input):
    """How it ends."""

    immediately = FlagField(required=False)
    reason = TextField(least=0, most=2000, required=False, allow_null=True)


class NoInput(Input):
    """Nothing."""


class DiscountInput(Input):
    """A percentage or an amount, of each invoice."""

    discountPercent = DecimalStringField(
        required=False, allow_null=True, least=LEAST_PERCENT, most=Decimal(100)
    )
    discountAmount = DecimalStringField(required=False, allow_null=True)
    durationMonths = WholeField(least=1, most=MOST_MONTHS, required=False, allow_null=True)
    reason = TextField(least=0, most=2000, required=False, allow_null=True)


class ActionView(PlatformView):
    """An action on one subscription: its account is found, its time caught up, before and after."""

    needs: ClassVar = {"POST": Need.OWN}

    def act(
        self,
        subscription_id: str,
        service: Callable[..., Subscription],
        arguments: Callable[[Account], dict[str, Any]],
    ) -> Response:
        """Do it, and make the invoices that are due by it before it is answered."""
        found = path_id(subscription_id, "subscriptionId")
        account = self.account_of(found)
        now = clock.now_for(account)
        given = arguments(account)
        catch_up(account, now=now)
        response = self.answer(
            service, show, account_id=account.id, subscription_id=found, now=now, **given
        )
        catch_up(account, now=now)
        return response

    def account_of(self, subscription_id: Any) -> Account:
        """Return the subscription's account. Raises NotFound for an unknown or another's."""
        found = (
            Subscription.objects.filter(pk=subscription_id)
            .select_related("account__test_clock")
            .first()
        )
        if found is None or not reaches(self.caller, found.account):
            raise NotFound(noun="subscription")
        return account_for(self.caller, found.account_id, self.need)


class ChangePlanView(ActionView):
    """Another plan."""

    @extend_schema(
        operation_id="change_plan",
        summary="Change the plan",
        description="NOW: usage from this second on has the new plan's prices, and the fee is "
        "split by the second on the next invoice, unless `prorate` is false. To another interval "
        "the period closes and a new one begins now. PERIOD_END: from the next period on; naming "
        "the plan that is held takes a pending change back.",
        tags=TAGS,
        request=ChangePlanInput,
        responses={
            200: SubscriptionSerializer,
            **refusals(NotFound, PlanNotActive, CurrencyMismatch, InvalidTransition),
        },
    )
    def post(self, request: Request, subscription_id: str) -> Response:
        def arguments(_: Account) -> dict[str, Any]:
            given = read_action(ChangePlanInput, request)
            return {
                "plan_ref": given["newPlanId"],
                "when": When(given["when"]),
                "prorate": given.get("prorate", True),
            }

        return self.act(subscription_id, changing.change_plan, arguments)


class CancelView(ActionView):
    """The end."""

    @extend_schema(
        operation_id="cancel_subscription",
        summary="Cancel at the period's end, or at once",
        description="At once: a last invoice is made for what is owed; of a fee that was paid in "
        "advance the unused part is credited.",
        tags=TAGS,
        request=CancelInput,
        responses={200: SubscriptionSerializer, **refusals(InvalidTransition)},
    )
    def post(self, request: Request, subscription_id: str) -> Response:
        def arguments(_: Account) -> dict[str, Any]:
            given = read_action(CancelInput, request)
            return {
                "immediately": given.get("immediately", False),
                "reason": given.get("reason") or "",
            }

        return self.act(subscription_id, ending.cancel_subscription, arguments)


def nothing(request: Request) -> Callable[[Account], dict[str, Any]]:
    """Read an action that takes no parameters."""

    def arguments(_: Account) -> dict[str, Any]:
        read_action(NoInput, request)
        return {}

    return arguments


class ReactivateView(ActionView):
    """Back again."""

    @extend_schema(
        operation_id="reactivate_subscription",
        summary="Take a cancellation back",
        description="A pending one; or a subscription that ended within a period is revived for "
        "the rest of that period, charged by the second.",
        tags=TAGS,
        request=None,
        responses={200: SubscriptionSerializer, **refusals(InvalidTransition)},
    )
    def post(self, request: Request, subscription_id: str) -> Response:
        return self.act(subscription_id, ending.reactivate_subscription, nothing(request))


class PauseView(ActionView):
    """A pause."""

    @extend_schema(
        operation_id="pause_subscription",
        summary="Pause",
        description="No plan fee accrues, by the second. Usage that comes in is charged.",
        tags=TAGS,
        request=None,
        responses={200: SubscriptionSerializer, **refusals(InvalidTransition)},
    )
    def post(self, request: Request, subscription_id: str) -> Response:
        return self.act(subscription_id, pausing.pause_subscription, nothing(request))


class ResumeView(ActionView):
    """The pause's end."""

    @extend_schema(
        operation_id="resume_subscription",
        summary="Resume",
        description="The periods have gone on; a fee in advance that waited is charged for the "
        "rest of its period.",
        tags=TAGS,
        request=None,
        responses={200: SubscriptionSerializer, **refusals(InvalidTransition)},
    )
    def post(self, request: Request, subscription_id: str) -> Response:
        return self.act(subscription_id, pausing.resume_subscription, nothing(request))


class DiscountView(ActionView):
    """A discount."""

    needs: ClassVar = {"POST": Need.ADMIN}

    @extend_schema(
        operation_id="give_discount",
        summary="Give a discount",
        description="A percentage or an amount off the invoices of periods that end after now, "
        "for so many calendar months from the first that it takes something off, or for ever.",
        tags=TAGS,
        request=DiscountInput,
        responses={200: SubscriptionSerializer, **refusals(InvalidTransition)},
    )
    def post(self, request: Request, subscription_id: str) -> Response:
        def arguments(account: Account) -> dict[str, Any]:
            given = read_action(DiscountInput, request)
            amount = given.get("discountAmount")
            minor = None if amount is None else discounting.amount_off(amount, account.currency)
            terms = discounting.DiscountTerms(
                percent=given.get("discountPercent"),
                amount_minor=minor,
                duration_months=given.get("durationMonths"),
                reason=given.get("reason") or "",
            )
            return {"terms": terms}

        return self.act(subscription_id, discounting.give_discount, arguments)
