"""Strict fields: what the contract's wire format takes, and nothing that merely looks like it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, cast
from urllib.parse import urlsplit
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.kernel.decimals import format_decimal, parse_decimal
from billing.kernel.ids import UUID_FORM
from billing.kernel.money import MINOR_DIGITS, Money

RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.]\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)


def clean_text(value: str) -> str:
    """Return it. Raises ValueError where it holds what Postgres or UTF-8 can't."""
    if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("must not hold NUL or lone surrogates")
    return value


def parse_timestamp(value: object) -> datetime:
    """Read RFC 3339, any offset, none meaning UTC. Raises ValueError with the rule."""
    if not isinstance(value, str) or not RFC3339.fullmatch(value):
        raise ValueError("must be an RFC 3339 timestamp such as 2026-01-31T10:00:00Z")
    try:
        moment = datetime.fromisoformat(value.upper().replace(" ", "T"))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no time that exists") from None
    if not EARLIEST <= moment < LATEST:
        raise ValueError("must be from the year 1970 on, and before the year 9000")
    return moment


def format_timestamp(value: datetime) -> str:
    """Write UTC with Z; microseconds only where there are any."""
    text = value.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")


@extend_schema_field(OpenApiTypes.STR)
class TextField(serializers.Field[str, Any, str, Any]):
    """Text as it is: no number becomes text, nothing is stripped. 1 to 255 characters."""

    def __init__(self, *, least: int = 1, most: int = 255, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("must be a string")
        try:
            clean_text(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        if len(data) < self.least or (self.least and not data.strip()):
            raise serializers.ValidationError("must not be empty")
        if len(data) > self.most:
            raise serializers.ValidationError(f"must have at most {self.most} characters")
        return data

    def to_representation(self, value: Any) -> str:
        return str(value)


class CodeField(TextField):
    """A name: no control characters, no space at its ends; where it stands in paths no slash."""

    def __init__(self, *, in_paths: bool = True, **kwargs: Any) -> None:
        self.in_paths = in_paths
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text.isprintable() or text != text.strip():
            raise serializers.ValidationError("must be printable, without outer spaces")
        if self.in_paths and ("/" in text or text in {".", ".."}):
            raise serializers.ValidationError("must not hold a slash: it stands in paths")
        if UUID_FORM.fullmatch(text):
            raise serializers.ValidationError(
                "must not look like a UUID: it would be read as an id"
            )
        return text


@extend_schema_field(OpenApiTypes.BOOL)
class FlagField(serializers.Field[bool, Any, bool, Any]):
    """true or false; in a query, their spellings."""

    def to_internal_value(self, data: Any) -> bool:
        if isinstance(data, bool):
            return data
        if self.context.get("from_query") and data in {"true", "false"}:
            return bool(data == "true")
        raise serializers.ValidationError("must be true or false")

    def to_representation(self, value: Any) -> bool:
        return bool(value)


@extend_schema_field(OpenApiTypes.INT)
class WholeField(serializers.Field[int, Any, int, Any]):
    """A whole number within bounds; in a query, its ASCII digits."""

    def __init__(self, *, least: int = 0, most: int = 2**31 - 1, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if self.context.get("from_query") and isinstance(data, str):
            data = int(data) if re.fullmatch(r"-?[0-9]{1,18}", data) else None
        if not isinstance(data, int) or isinstance(data, bool):
            raise serializers.ValidationError("must be a whole number")
        if not self.least <= data <= self.most:
            raise serializers.ValidationError(f"must be from {self.least} to {self.most}")
        return data

    def to_representation(self, value: Any) -> int:
        return int(value)


@extend_schema_field(
    {"type": "string", "pattern": r"^-?\d{1,15}(\.\d{1,12})?$", "examples": ["12.50"]}
)
class DecimalStringField(serializers.Field[Decimal, Any, str, Any]):
    """A decimal: string or JSON number in, string out. 15 digits before the point, 12 after."""

    def __init__(
        self, *, least: Decimal | None = None, most: Decimal | None = None, **kwargs: Any
    ) -> None:
        self.least, self.most = least, most
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        try:
            value = parse_decimal(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        if self.least is not None and value < self.least:
            raise serializers.ValidationError(f"must be at least {format_decimal(self.least)}")
        if self.most is not None and value > self.most:
            raise serializers.ValidationError(f"must be at most {format_decimal(self.most)}")
        return value

    def to_representation(self, value: Any) -> str:
        return format_decimal(cast("Decimal", value))


class AmountField(DecimalStringField):
    """An amount of money in, not negative, as it was written: its currency is judged later."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=Decimal(0), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        super().to_internal_value(data)
        return data


@extend_schema_field({"type": "string", "examples": ["12.50"]})
class MoneyField(serializers.Field[Money, Any, str, Any]):
    """Money out: exactly the currency's decimals. `minor` names a column beside `currency`."""

    def __init__(self, *, minor: str = "", **kwargs: Any) -> None:
        self.minor = minor
        kwargs.setdefault("read_only", True)
        super().__init__(**kwargs)

    def get_attribute(self, instance: Any) -> Any:
        if not self.minor:
            return super().get_attribute(instance)
        value = getattr(instance, self.minor)
        return None if value is None else Money(value, instance.currency)

    def to_representation(self, value: Any) -> str:
        return str(value.amount)


@extend_schema_field(OpenApiTypes.UUID)
class IdField(serializers.Field[UUID, Any, str, Any]):
    """A UUID in its usual form, upper or lower case."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not UUID_FORM.fullmatch(data):
            raise serializers.ValidationError("must be a UUID")
        return UUID(data)

    def to_representation(self, value: Any) -> str:
        return str(value)


@extend_schema_field(OpenApiTypes.DATETIME)
class TimeField(serializers.Field[datetime, Any, str, Any]):
    """RFC 3339 in, any offset; UTC with Z out."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            return parse_timestamp(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None

    def to_representation(self, value: Any) -> str:
        return format_timestamp(value)


class OneOfField(serializers.ChoiceField):
    """One of some words, spelled exactly."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(f"must be one of {', '.join(map(str, self.choices))}")
        return data


@extend_schema_field({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["USD"]})
class CurrencyField(TextField):
    """An ISO 4217 code, upper case."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in MINOR_DIGITS:
            raise serializers.ValidationError("must be an ISO 4217 currency code such as USD")
        return data


@extend_schema_field({"type": "object", "additionalProperties": True})
class ObjectField(serializers.Field[dict[str, Any], Any, Any, Any]):
    """A JSON object as it is."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("must be an object")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class UrlField(TextField):
    """An absolute address that a browser can go to."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            parts = urlsplit(text)
            good = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or any(c.isspace() or not c.isprintable() for c in text):
            raise serializers.ValidationError("must be an address that begins with https:")
        return text
