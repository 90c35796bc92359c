"""What is owed after an invoice is final: the dunning schedule, the outbox, parked accounts."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing.accounts import audit
from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.filters import LabelledFilter
from billing.admin.pages import ReadOnlyAdmin, confirm
from billing.kernel import clock
from invoicing import dunning, parking
from invoicing.mailing import sending
from invoicing.records import (
    DunningAction,
    DunningStep,
    Mail,
    MailStatus,
    MailTemplate,
    ParkedAccount,
)

ACTIONS = {
    DunningAction.REMIND: _("Remind"),
    DunningAction.OVERDUE: _("Overdue, past due"),
    DunningAction.UNPAID: _("Unpaid"),
}
LETTERS = {
    MailTemplate.INVOICE: _("Invoice"),
    MailTemplate.DUE_SOON: _("Due soon"),
    MailTemplate.OVERDUE: _("Overdue"),
    MailTemplate.UNPAID: _("Last reminder"),
    MailTemplate.PAYMENT_FAILED: _("Payment failed"),
    MailTemplate.PAYMENT_ACTION: _("Payment to be confirmed"),
}


def _state(step: DunningStep) -> dict[str, Any]:
    return {
        "days": step.days,
        "action": step.action,
        "mail": step.template,
        "active": step.is_active,
    }


class DunningStepForm(forms.ModelForm):  # type: ignore[type-arg]
    """A step of the schedule."""

    class Meta:
        model = DunningStep
        fields = ("days", "action", "template", "is_active")
        labels: ClassVar = {
            "days": _("Days after due"),
            "action": _("Step"),
            "template": _("Mail"),
            "is_active": _("Active"),
        }


@admin.register(DunningStep)
class DunningStepAdmin(ModelAdmin):  # type: ignore[misc]
    """What is done about an unpaid invoice, days after it is due. A change reaches open invoices.

    Steps that lie behind an invoice are not done for it any more.
    """

    form = DunningStepForm
    list_display = (
        column(
            "days",
            _("Days after due"),
            lambda s: f"{s.days:+d}" if s.days else "0",
            ordering="days",
        ),
        column("action", _("Step"), lambda s: ACTIONS[DunningAction(s.action)], ordering="action"),
        column(
            "mail",
            _("Mail"),
            lambda s: LETTERS[MailTemplate(s.template)] if s.template else formatting.NONE,
        ),
        columns.flag("is_active", _("Active")),
    )
    ordering = ("days", "id")
    fields = (("days", "action"), ("template", "is_active"))

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Write the choices in words."""
        words: dict[Any, Any] = ACTIONS if db_field.name == "action" else LETTERS
        blank = [("", formatting.NONE)] if db_field.blank else []
        kwargs["choices"] = [*blank, *((str(name.value), text) for name, text in words.items())]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: DunningStep | None = None) -> bool:
        """A step that was done stays, with what it did; switched off, it is not done any more."""
        if obj is not None and obj.entries.exists():
            return False
        return bool(super().has_delete_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: DunningStep, form: Any, change: Any) -> None:
        before = _state(DunningStep.objects.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)
        self._changed("updated" if change else "created", obj, before, _state(obj))

    def delete_model(self, request: HttpRequest, obj: DunningStep) -> None:
        before = _state(obj)
        super().delete_model(request, obj)
        self._changed("deleted", obj, before, None)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for step in queryset:
            self.delete_model(request, step)

    @staticmethod
    def _changed(what: str, step: DunningStep, before: Any, after: Any) -> None:
        dunning.reschedule()
        audit.record(
            action=f"dunning_step.{what}",
            subject=str(step),
            before=before,
            after=after,
            now=clock.now(),
        )


class MailStatusFilter(LabelledFilter):
    """A mail's status."""

    statuses: ClassVar[list[str]] = list(MailStatus.values)


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """Every mail that was written, and what became of it."""

    list_display = (
        column("subject", _("Subject"), lambda m: m.subject),
        columns.tenant(_("Tenant")),
        column("recipient", _("To"), lambda m: m.recipient),
        columns.status(_("Status")),
        columns.moment("created_at", _("Written")),
        columns.moment("sent_at", _("Sent")),
    )
    list_filter = (MailStatusFilter,)
    search_fields = ("subject", "recipient", "account__tenant__name")
    search_help_text = _("Subject, address or tenant")
    list_select_related = ("account__tenant",)
    ordering = ("-created_at", "-id")
    actions_detail = ("retry",)
    detail = (
        columns.tenant(_("Tenant")),
        column(
            "invoice_link",
            _("Invoice"),
            lambda m: (
                formatting.link("invoicing_invoice_change", m.invoice, m.invoice_id)
                if m.invoice_id
                else formatting.NONE
            ),
        ),
        column("recipient", _("To"), lambda m: m.recipient),
        columns.status(_("Status")),
        column("failure", _("Failure"), lambda m: m.failure or formatting.NONE),
        column("attempts", _("Attempts"), lambda m: m.attempts),
        columns.moment("due_at", _("Next attempt")),
        columns.moment("sent_at", _("Sent")),
        columns.moment("created_at", _("Written")),
        column("subject", _("Subject"), lambda m: m.subject),
        column("text", _("Text"), lambda m: format_html('<pre class="bo-json">{}</pre>', m.text)),
    )

    def has_retry_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not request.user.has_perm("invoicing.change_mail"):
            return False
        if object_id is None or request.method == "POST":
            return True
        found = self.get_object(request, object_id)
        return found is not None and found.status in {MailStatus.FAILED, MailStatus.HELD}

    @action(
        description=_("Send"), icon="send", permissions=["retry"], variant=ActionVariant.PRIMARY
    )
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send a mail that failed or is held, after a question."""
        mail = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            sending.retry_mail(mail_id=mail.pk, now=clock.now())
            return gettext("The mail is sent within a minute.")

        words = {
            "title": gettext("Send this mail?"),
            "question": gettext("%(subject)s, to %(recipient)s.")
            % {"subject": mail.subject, "recipient": mail.recipient},
            "button": gettext("Send"),
            "tone": "primary",
        }
        return confirm(self, request, words=words, back=self.page_url(object_id), act=act)


@admin.register(ParkedAccount)
class ParkedAccountAdmin(ReadOnlyAdmin):
    """Accounts that the billing run leaves alone, because a step failed or is implausible."""

    list_display = (
        column("tenant", _("Tenant"), lambda p: formatting.account_name(p.account)),
        column("code", _("Why"), lambda p: formatting.code(p.code), ordering="code"),
        column("step", _("Step"), lambda p: p.step or formatting.NONE),
        columns.moment("step_due_at", _("Due since")),
        columns.moment("since", _("Parked")),
    )
    search_fields = ("account__tenant__name", "code", "=account__id")
    search_help_text = _("Tenant, code or id")
    list_select_related = ("account__tenant",)
    ordering = ("-since",)
    actions_detail = ("release",)
    detail = (
        columns.tenant(_("Tenant")),
        column("code", _("Why"), lambda p: formatting.code(p.code)),
        column("reason", _("Reason"), lambda p: p.reason),
        column("step", _("Step"), lambda p: p.step or formatting.NONE),
        columns.moment("step_due_at", _("Due since")),
        columns.moment("since", _("Parked")),
    )

    def has_release_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("invoicing.change_parkedaccount"))

    @action(
        description=_("Release"),
        icon="play_arrow",
        permissions=["release"],
        variant=ActionVariant.PRIMARY,
    )
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the run take it up again, after a question."""
        parked = self.found(request, object_id)

        def act(_given: dict[str, Any]) -> str:
            parking.release_account(account_id=parked.account_id, now=clock.now_for(parked.account))
            return gettext("%(tenant)s is billed again.") % {
                "tenant": formatting.account_name(parked.account)
            }

        words = {
            "title": gettext("Release %(tenant)s?")
            % {"tenant": formatting.account_name(parked.account)},
            "question": gettext(
                "The run takes up what is due. If the step fails again, it is parked again."
            ),
            "button": gettext("Release"),
            "tone": "primary",
        }
        back = reverse("admin:invoicing_parkedaccount_changelist")
        return confirm(self, request, words=words, back=back, act=act)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ParkedAccount]:
        return ParkedAccount.objects.select_related("account__tenant", "account__test_clock")
