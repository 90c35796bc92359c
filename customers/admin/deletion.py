"""Deleting a customer in the back office: first what will become of all that it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing.admin import formatting
from billing.admin.consequences import CONSEQUENCES, Consequence, consequences_of
from billing.admin.pages import ReadOnlyAdmin, confirm
from billing.kernel import clock, jobs
from billing.models import Account
from billing.stripe.current import gateway
from customers.models import Customer, CustomerDeletion, Membership
from customers.services import deletion


def state_of(customer: Customer) -> object:
    """Say how far the deletion is, and why it stands still where it does."""
    found = CustomerDeletion.objects.filter(pk=customer.pk).first()
    if found is None:
        return formatting.NONE
    page = formatting.link("customers_customerdeletion_change", _("Details"), found.pk)
    return format_html("{} {} {}", formatting.status_label(found.status), found.failure, page)


def of_the_team(account_ids: Sequence[UUID]) -> list[Consequence]:
    """The team goes at once, then Stripe's customer, then the names of tenants."""
    roles = Membership.objects.filter(customer_id__in=account_ids)
    accounts = Account.objects.filter(pk__in=account_ids)
    known = accounts.exclude(stripe_customer_id="").count() if gateway().is_configured else 0
    return [
        Consequence(_("Roles"), roles.count(), _("end now: nobody can sign in to it")),
        Consequence(_("Customers at Stripe"), known, _("are deleted there, with subscriptions")),
        Consequence(_("Tenants"), accounts.count(), _("are closed now; names and addresses go")),
    ]


CONSEQUENCES.insert(0, of_the_team)


class DeletionAction(ReadOnlyAdmin):
    """The deletion of any customer, as `DELETE /admin/customer/{customerID}` does it."""

    def has_erase_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("customers.delete_customer"))

    @action(
        description=_("Delete"),
        icon="delete_forever",
        permissions=["erase"],
        variant=ActionVariant.DANGER,
    )
    def delete_customer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Delete, after what it does was read."""
        customer = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            with_stripe = gateway().is_configured
            begun = deletion.delete_any_customer(
                customer_id=customer.pk, with_stripe=with_stripe, now=clock.now()
            )
            if not with_stripe:
                jobs.run_now(deletion.TASK, account_id=begun.pk)
            return gettext("%(name)s is being deleted.") % {"name": customer.name}

        ids = list(Account.objects.filter(customer_id=customer.pk).values_list("pk", flat=True))
        words = {
            "title": gettext("Delete the customer %(name)s?") % {"name": customer.name},
            "question": gettext("This can't be undone. What begins now is carried through:"),
            "consequences": consequences_of(ids or [customer.pk]),
            "button": gettext("Delete for ever"),
            "tone": "bad",
        }
        back = self.page_url(object_id)
        after = reverse("admin:customers_customer_changelist")
        return confirm(self, request, words=words, back=back, act=act, after=after)
