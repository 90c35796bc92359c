"""What staff do with a subscription: the same services that the API calls, after a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing.admin import formatting
from billing.admin.pages import ReadOnlyAdmin, confirm
from billing.admin.subscription_forms import CancelForm, CreditForm, DiscountForm, plan_form
from billing.credits.services import grant_credit
from billing.kernel import clock
from billing.models import Subscription
from billing.subscriptions import changing, discounting, ending, pausing
from billing.subscriptions.catch_up import catch_up
from billing.subscriptions.states import SubscriptionStatus

S = SubscriptionStatus
RUNNING: Final = frozenset({S.TRIALING, S.ACTIVE, S.PAST_DUE, S.UNPAID})
LIVE: Final = frozenset({*RUNNING, S.INCOMPLETE, S.PAUSED})


def of(subscription: Subscription) -> dict[str, Any]:
    """Return what every service of a subscription is called with."""
    return {
        "account_id": subscription.account_id,
        "subscription_id": subscription.pk,
        "now": clock.now_for(subscription.account),
    }


def done(subscription: Subscription, said: str) -> str:
    """Make the invoices that are due by what was done; return what to say."""
    catch_up(subscription.account, now=clock.now_for(subscription.account))
    return said


def change(subscription: Subscription, given: dict[str, Any]) -> str:
    changing.change_plan(
        **of(subscription),
        plan_ref=given["plan"],
        when=changing.When(given["when"]),
        prorate=given["prorate"],
    )
    return done(subscription, gettext("The plan is changed."))


def cancel(subscription: Subscription, given: dict[str, Any]) -> str:
    ending.cancel_subscription(
        **of(subscription), immediately=given["immediately"], reason=given["reason"].strip()
    )
    said = gettext("It is cancelled.") if given["immediately"] else gettext("It will end.")
    return done(subscription, said)


def reactivate(subscription: Subscription, _given: dict[str, Any]) -> str:
    ending.reactivate_subscription(**of(subscription))
    return done(subscription, gettext("It goes on."))


def pause(subscription: Subscription, _given: dict[str, Any]) -> str:
    pausing.pause_subscription(**of(subscription))
    return done(subscription, gettext("It is paused."))


def resume(subscription: Subscription, _given: dict[str, Any]) -> str:
    pausing.resume_subscription(**of(subscription))
    return done(subscription, gettext("It goes on."))


def give_discount(subscription: Subscription, given: dict[str, Any]) -> str:
    percent, amount = given["discountPercent"].strip(), given["discountAmount"].strip()
    currency = subscription.account.currency
    terms = discounting.DiscountTerms(
        percent=discounting.percent_off(percent) if percent else None,
        amount_minor=discounting.amount_off(amount, currency) if amount else None,
        duration_months=given["durationMonths"],
        reason=given["reason"].strip(),
    )
    discounting.give_discount(**of(subscription), terms=terms)
    return done(subscription, gettext("The discount is given."))


def give_credit(subscription: Subscription, given: dict[str, Any]) -> str:
    on = given["expires_on"]
    grant = grant_credit(
        account_id=subscription.account_id,
        amount=given["amount"].strip(),
        reason=given["reason"].strip(),
        expires_at=datetime(on.year, on.month, on.day, tzinfo=UTC) if on else None,
        now=clock.now_for(subscription.account),
    )
    amount = formatting.money(grant.amount_minor, subscription.account.currency)
    return done(subscription, gettext("%(amount)s of credit are granted.") % {"amount": amount})


def period_end(subscription: Subscription) -> str:
    """Say when the period ends, as plain text."""
    end: datetime | None = getattr(subscription, "current_period_end", None)
    return f"{end.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if end else gettext("its first day")


class SubscriptionActions(ReadOnlyAdmin):
    """The actions on a subscription's page; each says what will happen before it is done."""

    actions_detail = (
        "change_plan",
        "give_discount",
        "give_credit",
        "pause",
        "resume",
        "reactivate",
        "cancel",
    )

    def _may(self, request: HttpRequest, object_id: Any, states: Iterable[str]) -> bool:
        """Say whether staff may, and the subscription whose page is looked at is in a state."""
        if not request.user.has_perm("billing.change_subscription"):
            return False
        if object_id is None or request.method == "POST":
            return True
        found = self.get_object(request, object_id)
        return found is not None and found.status in states

    def _ask(
        self,
        request: HttpRequest,
        subscription: Subscription,
        act: Callable[[Subscription, dict[str, Any]], str],
        words: dict[str, Any],
        form_class: type[forms.Form] = forms.Form,
    ) -> HttpResponse:
        return confirm(
            self,
            request,
            words=words,
            back=self.page_url(subscription.pk),
            act=partial(act, subscription),
            form_class=form_class,
        )

    def has_live_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, LIVE)

    def has_running_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, RUNNING)

    def has_paused_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, {S.PAUSED})

    def has_back_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not self._may(request, object_id, S.values):
            return False
        if object_id is None or request.method == "POST":
            return True
        found = self.get_object(request, object_id)
        return found is not None and (found.cancel_at_period_end or found.status == S.CANCELLED)

    @action(description=_("Change plan"), icon="swap_horiz", permissions=["live"])
    def change_plan(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Another plan."""
        found = self.found(request, object_id)
        words = {
            "title": gettext("Change the plan of %(tenant)s") % named(found),
            "question": gettext(
                "It has %(plan)s until %(end)s. With the next period: nothing changes before that. "
                "Now: usage from this second on has the new prices, and the next invoice gives the "
                "unused part of the old fee back and charges the new one for the rest."
            )
            % {"plan": found.plan_version, "end": period_end(found)},
            "button": gettext("Change plan"),
            "tone": "primary",
        }
        return self._ask(request, found, change, words, plan_form(found))

    @action(description=_("Discount"), icon="percent", permissions=["live"])
    def give_discount(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Something off."""
        found = self.found(request, object_id)
        words = {
            "title": gettext("Give %(tenant)s a discount") % named(found),
            "question": gettext(
                "It is off every invoice of a period that ends after now, from the first that it "
                "takes something off. It can't be taken back."
            ),
            "button": gettext("Give discount"),
            "tone": "primary",
        }
        return self._ask(request, found, give_discount, words, DiscountForm)

    @action(description=_("Credit"), icon="savings", permissions=["live"])
    def give_credit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Credit for the invoices to come."""
        found = self.found(request, object_id)
        words = {
            "title": gettext("Grant %(tenant)s credit") % named(found),
            "question": gettext(
                "It pays the next invoices when they become final, what expires soonest first. It "
                "can't be taken back."
            ),
            "button": gettext("Grant credit"),
            "tone": "primary",
        }
        return self._ask(request, found, give_credit, words, CreditForm)

    @action(description=_("Pause"), icon="pause", permissions=["running"])
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A pause."""
        found = self.found(request, object_id)
        words = {
            "title": gettext("Pause %(tenant)s?") % named(found),
            "question": gettext(
                "From now on no fee accrues and quotas allow nothing. Usage that still comes in is "
                "charged, and the periods go on."
            ),
            "button": gettext("Pause"),
            "tone": "primary",
        }
        return self._ask(request, found, pause, words)

    @action(description=_("Resume"), icon="play_arrow", permissions=["paused"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The pause's end."""
        found = self.found(request, object_id)
        words = {
            "title": gettext("Resume %(tenant)s?") % named(found),
            "question": gettext(
                "Its fee accrues from now on; one in advance that waited is charged for the rest "
                "of its period."
            ),
            "button": gettext("Resume"),
            "tone": "primary",
        }
        return self._ask(request, found, resume, words)

    @action(description=_("Reactivate"), icon="restart_alt", permissions=["back"])
    def reactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a cancellation back."""
        found = self.found(request, object_id)
        words = {
            "title": gettext("Reactivate %(tenant)s?") % named(found),
            "question": gettext(
                "A pending cancellation is taken back. One that has ended comes back for the rest "
                "of its period, charged by the second, as long as that runs and there is no other."
            ),
            "button": gettext("Reactivate"),
            "tone": "primary",
        }
        return self._ask(request, found, reactivate, words)

    @action(
        description=_("Cancel"),
        icon="cancel",
        permissions=["live"],
        variant=ActionVariant.DANGER,
    )
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The end."""
        found = self.found(request, object_id)
        words = {
            "title": gettext("Cancel the subscription of %(tenant)s?") % named(found),
            "question": gettext(
                "It ends with its period, at %(end)s, and can be taken back until then. Now: a "
                "last invoice is made for what is owed."
            )
            % {"end": period_end(found)},
            "button": gettext("Cancel the subscription"),
            "tone": "bad",
        }
        return self._ask(request, found, cancel, words, CancelForm)


def named(subscription: Subscription) -> dict[str, str]:
    return {"tenant": formatting.account_name(subscription.account)}
