"""What staff do with a plan beside its form: make it the default, take it off the offer."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing.admin.pages import ServiceAdmin, confirm
from billing.catalog.services import archive_plan, make_default_plan
from billing.kernel import clock
from billing.models import Plan


class PlanActions(ServiceAdmin):
    """The actions of a plan's page. Each asks first, and is done by a service."""

    def _shown(self, request: HttpRequest, object_id: Any) -> Plan | None:
        """Return the plan whose page is looked at; None where the question is a general one."""
        if object_id is None or request.method == "POST":
            return None
        found: Plan | None = self.get_object(request, object_id)
        return found

    def has_make_default_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        plan = self._shown(request, object_id)
        offered = plan is None or (plan.is_active and not plan.is_default)
        return offered and self.has_change_permission(request)

    @action(
        description=_("Set as default tier"),
        icon="star",
        permissions=["make_default"],
        variant=ActionVariant.DEFAULT,
    )
    def make_default(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the plan to new customers, after a question."""
        plan = self.found(request, object_id)
        before = Plan.objects.filter(is_default=True).exclude(pk=plan.pk).first()

        def act(_given: dict[str, Any]) -> str:
            make_default_plan(plan_id=plan.pk, now=clock.now())
            return gettext("%(name)s is the default tier.") % {"name": plan.name}

        question = gettext("New customers get it. Customers that exist keep their tier.")
        instead = gettext("It takes the place of %(name)s.") % {"name": before} if before else ""
        words = {
            "title": gettext("Make %(name)s the default tier?") % {"name": plan.name},
            "question": f"{question} {instead}".strip(),
            "button": gettext("Set as default tier"),
            "tone": "primary",
        }
        return confirm(self, request, words=words, back=self.page_url(object_id), act=act)

    def has_archive_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        plan = self._shown(request, object_id)
        return (plan is None or plan.is_active) and self.has_change_permission(request)

    @action(
        description=_("Archive"),
        icon="archive",
        permissions=["archive"],
        variant=ActionVariant.DEFAULT,
    )
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the plan off the offer, after a question."""
        plan = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            archive_plan(reference=plan.code, now=clock.now())
            return gettext("The plan %(name)s is archived.") % {"name": plan.name}

        words = {
            "title": gettext("Archive the plan %(name)s?") % {"name": plan.name},
            "question": gettext("Nobody new can subscribe to it. Who has it keeps it."),
            "button": gettext("Archive"),
            "tone": "primary",
        }
        back = self.page_url(object_id)
        return confirm(self, request, words=words, back=back, act=act)
