"""The field of a time zone."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.http.fields import TextField
from billing.kernel.zones import is_zone


class ZoneField(TextField):
    """An IANA time zone."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not is_zone(text):
            raise serializers.ValidationError("must be an IANA time zone such as Europe/Berlin")
        return text
