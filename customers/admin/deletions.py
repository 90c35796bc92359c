"""Deletions: how far each is, and why one rests."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from billing.admin import columns, formatting
from billing.admin.columns import column
from billing.admin.pages import ReadOnlyAdmin
from customers.models import CustomerDeletion


@admin.register(CustomerDeletion)
class CustomerDeletionAdmin(ReadOnlyAdmin):
    """Customers on their way out, and why one rests: the endpoint of staff lets it go on."""

    list_display = (
        column("id_text", _("Id"), lambda d: formatting.code(d.pk)),
        columns.status(_("Status")),
        column("failure", _("Failure"), lambda d: d.failure or formatting.NONE),
        columns.moment("due_at", _("Next try")),
        columns.moment("requested_at", _("Asked for")),
        columns.moment("done_at", _("Done")),
    )
    list_filter = ("status",)
    search_fields = ("=account__id",)
    ordering = ("-requested_at",)
    detail = (
        column("id_text", _("Id"), lambda d: formatting.code(d.pk)),
        columns.status(_("Status")),
        column("failure", _("Failure"), lambda d: d.failure or formatting.NONE),
        column("attempts", _("Attempts"), lambda d: d.attempts),
        columns.moment("due_at", _("Next try")),
        columns.moment("requested_at", _("Asked for")),
        columns.moment("done_at", _("Done")),
    )
