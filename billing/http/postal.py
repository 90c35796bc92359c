"""Fields of people and places: e-mail addresses, countries, postal addresses."""

from __future__ import annotations

import re
from typing import Any, Final

from rest_framework import serializers

from billing.http.fields import TextField
from billing.http.serializers import Input
from billing.kernel.countries import COUNTRIES

ATOM: Final = r"[^@\s.,:;<>\"()\[\]\\]+"
LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL: Final = re.compile(
    rf"(?=[^@]{{1,64}}@){ATOM}(?:\.{ATOM})*@(?:{LABEL}\.)+(?=[^.]*[A-Za-z]){LABEL}"
)


def is_email(text: str) -> bool:
    """Say whether it is an address as Stripe takes them: of a domain with a dot in its name."""
    return text.isprintable() and EMAIL.fullmatch(text) is not None


class EmailField(TextField):
    """An e-mail address."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not is_email(text):
            raise serializers.ValidationError("must be an e-mail address")
        return text


class CountryField(TextField):
    """An ISO 3166 alpha-2 code that is assigned, upper case."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text not in COUNTRIES:
            raise serializers.ValidationError("must be a two-letter country code such as DE")
        return text


REGION: Final = (
    "A state, province or county: a code of ISO 3166-2 with or without its country (CA-QC, QC), or "
    "a name. Tax rates of a region are compared with it, but for case and spaces."
)


class AddressInput(Input):
    """A postal address. Country, region (or state) and postal code decide which taxes are due.

    A part that is empty is as if left out.
    """

    line1 = TextField(least=0, required=False, allow_null=True)
    line2 = TextField(least=0, required=False, allow_null=True)
    street = TextField(least=0, required=False, allow_null=True)
    city = TextField(least=0, required=False, allow_null=True)
    state = TextField(least=0, required=False, allow_null=True, help_text=REGION)
    region = TextField(least=0, required=False, allow_null=True, help_text=REGION)
    postalCode = TextField(least=0, required=False, allow_null=True)  # noqa: N815
    country = CountryField(required=False, allow_null=True)
