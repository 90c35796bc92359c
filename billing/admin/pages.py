"""What pages of the back office share: reading only, or writing through services alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin as DjangoModelAdmin
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline

from billing.admin.columns import Column
from billing.kernel.errors import BillingError


class _OutsideTransaction(DjangoModelAdmin):  # type: ignore[type-arg]
    """Django wraps a form's page in a transaction; services open their own and never nest."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return self._delete_view(request, object_id, extra_context)  # type: ignore[attr-defined]

    def page_url(self, object_id: object) -> str:
        """Return the address of a row's page. `object_id` is as it stands in addresses."""
        opts = self.model._meta  # noqa: SLF001
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[object_id])

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row that an action is asked for. Raises Http404, also for an odd id.

        `object_id` is as it stands in the address, where the underscore of an id of Stripe's is
        written otherwise.
        """
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row


def _with_columns(options: dict[str, Any], columns: Mapping[str, Column]) -> dict[str, Any]:
    fields = tuple(
        columns[name] if isinstance(name, str) else tuple(columns[one] for one in name)
        for name in options["fields"]
    )
    return {**options, "fields": fields}


class ReadOnlyAdmin(ModelAdmin, _OutsideTransaction):  # type: ignore[misc]
    """A page that shows. What services write, nothing else writes: nobody adds or deletes here."""

    list_per_page = 50
    show_facets = ShowFacets.NEVER
    actions = None
    detail: ClassVar[Sequence[Column]] = ()
    layout: ClassVar[Sequence[tuple[Any, dict[str, Any]]]] = ()
    """Fieldsets over the names of `detail`: what a page shows that has more than one group."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.detail

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if not self.layout:
            return [(None, {"fields": self.detail})]
        columns = {column.__name__: column for column in self.detail}
        return [(title, _with_columns(options, columns)) for title, options in self.layout]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):  # type: ignore[misc]
    """Rows of another table, to read."""

    extra = 0
    max_num = 0
    can_delete = False
    tab = True
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form whose service may refuse it: the refusal stands on the form, what was typed stays."""

    refusal: ClassVar[BillingError | None] = None
    wire_names: ClassVar[Mapping[str, str]] = {}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal is not None:
            self._show(self.refusal)
        return cleaned

    def validate_unique(self) -> None:
        """Leave it to the service, which says it in the domain's words."""

    def validate_constraints(self) -> None:
        """Leave it to the service and the database."""

    def _show(self, refusal: BillingError) -> None:
        for problem in refusal.details:
            field = self.wire_names.get(problem["field"], problem["field"])
            known = field if field in self.fields else None
            text = problem["message"] if known else f"{problem['field']}: {problem['message']}"
            self.add_error(known, text)
        if not refusal.details:
            self.add_error(None, str(refusal))


class ServiceAdmin(ModelAdmin, _OutsideTransaction):  # type: ignore[misc]
    """A form that is saved by a service: `save_by_service` has the form and its inlines, all valid.

    Django's own saving is switched off. A BillingError comes back to the form.
    """

    form = ServiceForm
    list_per_page = 50
    show_facets = ShowFacets.NEVER
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002  Django's own signature
        **kwargs: Any,
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def _changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super()._changeform_view(request, *args, **kwargs)
        except BillingError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super()._changeform_view(request, *args, **kwargs)

    def save_form(self, request: HttpRequest, form: Any, change: Any) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Leave it: `save_related` is called next, with the inlines too."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        for formset in formsets:
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        self.save_by_service(request, form, formsets, is_new=not change)

    def save_by_service(
        self, request: HttpRequest, form: Any, formsets: Any, *, is_new: bool
    ) -> None:
        raise NotImplementedError

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, obj, message) if obj.pk else None


def _show_on(form: forms.Form, refusal: BillingError) -> bool:
    """Put a refusal on the fields that it names; say whether it names any."""
    for problem in refusal.details:
        known = problem["field"] if problem["field"] in form.fields else None
        form.add_error(known, problem["message"])
    return bool(refusal.details)


def confirm(
    page: ReadOnlyAdmin | ServiceAdmin,
    request: HttpRequest,
    *,
    words: Mapping[str, Any],
    back: str,
    act: Callable[[dict[str, Any]], str],
    form_class: Callable[..., forms.Form] = forms.Form,
    after: str = "",
) -> HttpResponse:
    """Ask before acting; act on a valid POST only.

    `words` are title, question, button and tone; `act` does it and returns what to say. A
    BillingError is said too, and nothing else has happened; where it is about fields, what was
    typed stays. Then it goes `back`, or, where what was acted on is gone, to the page `after` it.
    """
    form = form_class(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, act(form.cleaned_data))
            return HttpResponseRedirect(after or back)
        except BillingError as error:
            if not _show_on(form, error):
                messages.error(request, str(error))
                return HttpResponseRedirect(back)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.model._meta,  # noqa: SLF001
        "form": form,
        "back": back,
        **words,
    }
    return TemplateResponse(request, "admin/billing/confirm.html", context)
