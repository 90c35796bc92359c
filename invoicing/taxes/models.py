"""What staff enter about taxes: rates, and who is exempt. Nothing is shipped."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from billing.kernel.countries import region_key
from billing.kernel.decimals import format_decimal
from billing.models import Account


class DateRange(Func):
    """The half-open [valid_from, valid_until); without an end it never ends."""

    function = "DATERANGE"
    output_field = DateRangeField()


def validity() -> DateRange:
    return DateRange("valid_from", "valid_until", RangeBoundary())


class TaxRate(models.Model):
    """A rate that staff enter: percent, for a place, a tax and a category, while it holds.

    Valid on [valid_from, valid_until) by the invoice's issue date. Of the rates of one `tax` the
    most specific holds: a postal code's before its region's, a region's before its country's.
    Different taxes add up, each with a line of its own. None is invented.
    """

    country = models.CharField(max_length=2)
    region = models.CharField(max_length=64, blank=True)
    postal_prefix = models.CharField(max_length=16, blank=True)
    tax = models.CharField(max_length=32, default="VAT")
    tax_category = models.CharField(max_length=255, default="STANDARD")
    name = models.CharField(max_length=100)
    percent = models.DecimalField(max_digits=9, decimal_places=6)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            ExclusionConstraint(
                name="tax_rate_no_overlap",
                expressions=[
                    (validity(), RangeOperators.OVERLAPS),
                    ("country", RangeOperators.EQUAL),
                    ("region", RangeOperators.EQUAL),
                    ("postal_prefix", RangeOperators.EQUAL),
                    ("tax", RangeOperators.EQUAL),
                    ("tax_category", RangeOperators.EQUAL),
                ],
                violation_error_message=_(
                    "There is a rate of this tax for the same place, category and time."
                ),
            ),
            models.CheckConstraint(
                name="tax_rate_percent",
                condition=Q(percent__gte=0) & Q(percent__lte=100),
                violation_error_message=_("A percentage is from 0 to 100."),
            ),
            models.CheckConstraint(
                name="tax_rate_holds_for_a_time",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                violation_error_message=_("The end must be after the beginning."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {format_decimal(self.percent)}%"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._normalise()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self._normalise()

    def _normalise(self) -> None:
        """Bring places to the form in which they are compared."""
        self.country = self.country.upper()
        self.region = region_key(self.country, self.region)
        self.postal_prefix = "".join(self.postal_prefix.split()).upper()


class TaxExemption(models.Model):
    """A tenant that is charged no tax, as staff found: why, and on [valid_from, valid_until).

    By the invoice's issue date. `reason` is printed; `code` is of the list VATEX, for electronic
    invoices.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tax_exemptions")
    reason = models.CharField(max_length=255)
    code = models.CharField(
        max_length=32,
        blank=True,
        validators=[RegexValidator(r"^VATEX-[A-Z0-9-]{1,26}\Z", _("Such as VATEX-EU-143."))],
    )
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            ExclusionConstraint(
                name="tax_exemption_no_overlap",
                expressions=[
                    (validity(), RangeOperators.OVERLAPS),
                    ("account", RangeOperators.EQUAL),
                ],
                violation_error_message=_("The tenant is exempt already at that time."),
            ),
            models.CheckConstraint(
                name="tax_exemption_holds_for_a_time",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                violation_error_message=_("The end must be after the beginning."),
            ),
        ]

    def __str__(self) -> str:
        return self.reason
