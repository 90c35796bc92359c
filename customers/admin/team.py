"""A customer's team in the back office: who joins, who may what, who goes."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.pages import ReadOnlyAdmin, ReadOnlyInline, confirm
from billing.kernel import clock
from customers.admin.panels import ROLES, role_of
from customers.models import Membership, Role
from customers.services import members

GIVEN: Final = [(str(role.value), ROLES[role]) for role in (Role.USER, Role.ADMIN)]
"""The roles that are given; the owner is one by making the customer, or by a transfer."""


class RoleForm(forms.Form):
    """What a member may."""

    role = forms.TypedChoiceField(
        label=_("Role"),
        choices=GIVEN,
        coerce=lambda value: Role(int(value)),
        widget=UnfoldAdminSelectWidget,
    )


class MemberForm(RoleForm):
    """Who joins, and as what."""

    user = forms.UUIDField(
        label=_("User"),
        help_text=_("The user's id, as their tokens have it."),
        widget=UnfoldAdminTextInputWidget,
    )
    field_order = ("user", "role")


def changes_of(member: Membership) -> object:
    """Link what may be done to a member; an owner stays."""
    if member.role == Role.OWNER:
        return formatting.NONE
    ids = [member.customer_id, member.user_id]
    return format_html(
        "{} · {}",
        formatting.anchor(reverse("admin:customers_member_role", args=ids), _("Change role")),
        formatting.anchor(reverse("admin:customers_member_remove", args=ids), _("Remove")),
    )


SHOWN: Final = (
    column("user", _("User"), lambda m: formatting.code(m.user_id)),
    column("role", _("Role"), role_of),
    columns.moment("created_at", _("Since")),
)
CHANGES: Final = column("changes", _("Changes"), changes_of)


class MembershipInline(ReadOnlyInline):
    """The team."""

    model = Membership
    verbose_name_plural = _("Team")
    tab = False
    hide_title = True
    per_page = 50
    ordering = ("role", "created_at", "id")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        may = request.user.has_perm("customers.change_membership")
        is_open = obj is not None and obj.account.closed_at is None
        return (*SHOWN, CHANGES) if may and is_open else SHOWN

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj)


class TeamActions(ReadOnlyAdmin):
    """What staff do with a team. Each asks first, and is one call of a service."""

    def get_urls(self) -> Any:
        """Add the pages of one member."""
        view = self.admin_site.admin_view
        place = "<uuid:customer_id>/member/<uuid:user_id>"
        return [
            path(f"{place}/role/", view(self.change_role), name="customers_member_role"),
            path(f"{place}/remove/", view(self.remove_member), name="customers_member_remove"),
            *super().get_urls(),
        ]

    def has_team_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not request.user.has_perm("customers.change_membership"):
            return False
        if object_id is None or request.method == "POST":  # the service judges, and says why not
            return True
        found = self.get_object(request, object_id)
        return found is not None and found.account.closed_at is None

    @action(
        description=_("Add a member"),
        icon="person_add",
        permissions=["team"],
        variant=ActionVariant.DEFAULT,
    )
    def add_member(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a user join, whatever the tier's seats: those bind the customer's own admins."""
        customer = self.found(request, object_id)

        def act(given: dict[str, Any]) -> str:
            members.add_member(
                customer_id=customer.pk,
                actor_id=None,
                user_id=given["user"],
                role=given["role"],
                now=clock.now(),
            )
            return gettext("%(user)s is in the team.") % {"user": given["user"]}

        words = {
            "title": gettext("Add a member to %(name)s") % {"name": customer.name},
            "question": gettext("The tier's limit of members does not bind staff."),
            "button": gettext("Add"),
            "tone": "primary",
        }
        back = self.page_url(object_id)
        return confirm(self, request, words=words, back=back, act=act, form_class=MemberForm)

    def change_role(self, request: HttpRequest, customer_id: UUID, user_id: UUID) -> HttpResponse:
        """Make an admin of a user, or the other way round."""
        member = self._member(request, customer_id, user_id)

        def act(given: dict[str, Any]) -> str:
            members.change_role(
                customer_id=customer_id,
                actor_id=None,
                user_id=user_id,
                role=given["role"],
                now=clock.now(),
            )
            role = ROLES[given["role"]]
            return gettext("%(user)s has the role %(role)s.") % {"user": user_id, "role": role}

        words = {
            "title": gettext("Change a member's role"),
            "question": gettext("%(user)s has the role %(role)s now.")
            % {"user": user_id, "role": role_of(member)},
            "button": gettext("Change"),
            "tone": "primary",
        }
        back = self.page_url(customer_id)
        return confirm(self, request, words=words, back=back, act=act, form_class=RoleForm)

    def remove_member(self, request: HttpRequest, customer_id: UUID, user_id: UUID) -> HttpResponse:
        """Take a member out of the team."""
        member = self._member(request, customer_id, user_id)

        def act(_given: dict[str, Any]) -> str:
            members.remove_member(
                customer_id=customer_id, actor_id=None, user_id=user_id, now=clock.now()
            )
            return gettext("%(user)s is not in the team any more.") % {"user": user_id}

        words = {
            "title": gettext("Remove a member?"),
            "question": gettext("%(user)s loses the role %(role)s at once.")
            % {"user": user_id, "role": role_of(member)},
            "button": gettext("Remove"),
            "tone": "bad",
        }
        return confirm(self, request, words=words, back=self.page_url(customer_id), act=act)

    def _member(self, request: HttpRequest, customer_id: UUID, user_id: UUID) -> Membership:
        """Return who it is about. Raises PermissionDenied, and Http404 where nobody is."""
        if not self.has_team_permission(request):
            raise PermissionDenied
        rows = Membership.objects.filter(customer_id=customer_id, user_id=user_id)
        found = rows.first()
        if found is None:
            raise Http404
        return found
