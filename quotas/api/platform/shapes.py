"""What `/quotas` takes and answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from rest_framework import serializers

from billing.catalog.models import Meter
from billing.http.fields import (
    DecimalStringField,
    FlagField,
    IdField,
    ObjectField,
    OneOfField,
    TextField,
    TimeField,
    WholeField,
    format_timestamp,
)
from billing.http.postal import EmailField
from billing.http.serializers import Input
from billing.kernel.decimals import format_decimal
from billing.kernel.errors import invalid
from billing.metering.quotas.models import QuotaPeriod, QuotaReservation, ReservationStatus
from billing.metering.quotas.services import LIMIT_RECIPIENTS
from billing.metering.quotas.state import QuotaState
from billing.metering.quotas.windows import FOREVER

LEAST: Final = Decimal("0.000000000001")
LONGEST_SECONDS: Final = 86_400


class QuotaInput(Input):
    """A new quota. `resourceType` is a meter; `resourceName` a label for people."""

    tenantId = IdField()
    resourceType = TextField()
    resourceName = TextField(required=False, allow_null=True)
    quotaLimit = DecimalStringField(least=LEAST)
    unit = TextField(required=False, allow_null=True)
    period = OneOfField(choices=QuotaPeriod.values, default=QuotaPeriod.BILLING_PERIOD.value)
    warningThresholdPercent = WholeField(least=1, most=100, default=80)
    enforceHardLimit = FlagField(default=True)
    alertRecipients = serializers.ListField(
        child=EmailField(), required=False, allow_null=True, max_length=LIMIT_RECIPIENTS
    )


class QuotaChange(Input):
    """What shall be another. `tenantId`, `resourceType` and `unit` may stand as they are."""

    tenantId = IdField(required=False)
    resourceType = TextField(required=False)
    resourceName = TextField(required=False, allow_null=True)
    quotaLimit = DecimalStringField(least=LEAST, required=False)
    unit = TextField(required=False, allow_null=True)
    period = OneOfField(choices=QuotaPeriod.values, required=False)
    warningThresholdPercent = WholeField(least=1, most=100, required=False)
    enforceHardLimit = FlagField(required=False)
    alertRecipients = serializers.ListField(
        child=EmailField(), required=False, allow_null=True, max_length=LIMIT_RECIPIENTS
    )
    isActive = FlagField(required=False)


class QuotaSerializer(serializers.Serializer[Any]):
    """A quota and how it stands in the window that holds now."""

    id = IdField()
    tenantId = IdField()
    resourceType = TextField()
    resourceName = TextField(allow_null=True)
    quotaLimit = DecimalStringField()
    unit = TextField()
    period = OneOfField(choices=QuotaPeriod.values)
    warningThresholdPercent = serializers.IntegerField()
    enforceHardLimit = serializers.BooleanField()
    alertRecipients = serializers.ListField(child=TextField())
    isActive = serializers.BooleanField()
    currentUsage = DecimalStringField()
    reserved = DecimalStringField(help_text="What open reservations hold, beside the usage.")
    remaining = DecimalStringField()
    utilizationPercent = DecimalStringField(help_text="The usage alone, to two places.")
    periodStart = TimeField(allow_null=True)
    periodEnd = TimeField(allow_null=True, help_text="Null with NONE, whose window never ends.")
    createdAt = TimeField()
    updatedAt = TimeField()


class CheckQuery(Input):
    """What would be used. Without `resourceType` every quota of the tenant is asked."""

    resourceType = TextField(required=False)
    requestedAmount = DecimalStringField(least=Decimal(0), default=Decimal(0))


class CheckedQuota(serializers.Serializer[Any]):
    """What one quota says. `allowed` is false where a hard one is exceeded, or in a pause."""

    quotaId = IdField()
    resourceType = TextField()
    quotaLimit = DecimalStringField()
    currentUsage = DecimalStringField()
    reserved = DecimalStringField()
    requestedAmount = DecimalStringField()
    remaining = DecimalStringField(help_text="Before what is requested.")
    utilizationPercent = DecimalStringField()
    warning = serializers.BooleanField(help_text="With what is requested, as `exceeded`.")
    exceeded = serializers.BooleanField()
    enforceHardLimit = serializers.BooleanField()
    allowed = serializers.BooleanField()
    periodEnd = TimeField(allow_null=True)


class CheckSerializer(serializers.Serializer[Any]):
    """Whether so much may be used now. Without a quota all is allowed."""

    tenantId = IdField()
    quotas = CheckedQuota(many=True)
    subscriptionPaused = serializers.BooleanField()
    allowed = serializers.BooleanField()


class ReservationInput(Input):
    """What a job may come to, and how long it may take."""

    resourceType = TextField()
    amount = DecimalStringField(least=LEAST)
    ttlSeconds = WholeField(least=1, most=LONGEST_SECONDS)


class CommitInput(Input):
    """What it came to (by default, what was reserved), and what else its event says."""

    amount = DecimalStringField(least=Decimal(0), required=False, allow_null=True)
    resourceId = TextField(required=False, allow_null=True)
    userId = TextField(required=False, allow_null=True)
    costCenterId = IdField(required=False, allow_null=True)
    costCenterCode = TextField(required=False, allow_null=True)
    metadata = ObjectField(required=False, allow_null=True)


class ReservationSerializer(serializers.Serializer[Any]):
    """A reservation. `quotaId` is null where the meter has no quota: then nothing is held."""

    reservationId = IdField()
    tenantId = IdField()
    quotaId = IdField(allow_null=True)
    resourceType = TextField()
    amount = DecimalStringField()
    status = OneOfField(choices=ReservationStatus.values)
    reservedAt = TimeField()
    expiresAt = TimeField()
    endedAt = TimeField(allow_null=True)
    committedAmount = DecimalStringField(allow_null=True)
    eventId = TextField(allow_null=True, help_text="Of the usage event that committing recorded.")


def meter_named(metric_type: str) -> Meter:
    """Return the meter of a resourceType. Raises InvalidRequest (400) naming the field."""
    found = Meter.objects.filter(metric_type=metric_type).first()
    if found is None:
        raise invalid("resourceType", "is no meter; GET /meters lists them")
    return found


def event_id_of(reservation: QuotaReservation) -> str:
    """Return the id of the event that committing records: so it is recorded once."""
    return f"reservation-{reservation.pk}"


def bounds(state: QuotaState) -> dict[str, str | None]:
    span = state.span
    is_bound = span != FOREVER
    return {
        "periodStart": format_timestamp(span.start) if is_bound else None,
        "periodEnd": format_timestamp(span.end) if is_bound else None,
    }


def show_quota(state: QuotaState) -> dict[str, Any]:
    quota = state.quota
    return {
        "id": str(quota.pk),
        "tenantId": str(quota.account_id),
        "resourceType": quota.meter.metric_type,
        "resourceName": quota.resource_name or None,
        "quotaLimit": format_decimal(quota.limit),
        "unit": quota.meter.unit,
        "period": quota.period,
        "warningThresholdPercent": quota.warning_percent,
        "enforceHardLimit": quota.is_hard,
        "alertRecipients": quota.recipients,
        "isActive": quota.is_active,
        "currentUsage": format_decimal(state.used),
        "reserved": format_decimal(state.reserved),
        "remaining": format_decimal(state.remaining),
        "utilizationPercent": format_decimal(state.percent),
        **bounds(state),
        "createdAt": format_timestamp(quota.created_at),
        "updatedAt": format_timestamp(quota.updated_at),
    }


def show_checked(state: QuotaState, requested: Decimal, *, is_paused: bool) -> dict[str, Any]:
    exceeded = state.exceeds(requested)
    return {
        "quotaId": str(state.quota.pk),
        "resourceType": state.quota.meter.metric_type,
        "quotaLimit": format_decimal(state.quota.limit),
        "currentUsage": format_decimal(state.used),
        "reserved": format_decimal(state.reserved),
        "requestedAmount": format_decimal(requested),
        "remaining": format_decimal(state.remaining),
        "utilizationPercent": format_decimal(state.percent),
        "warning": state.warns(requested),
        "exceeded": exceeded,
        "enforceHardLimit": state.quota.is_hard,
        "allowed": not is_paused and not (exceeded and state.quota.is_hard),
        "periodEnd": bounds(state)["periodEnd"],
    }


def show_reservation(found: QuotaReservation) -> dict[str, Any]:
    committed = found.committed_amount
    return {
        "reservationId": str(found.pk),
        "tenantId": str(found.account_id),
        "quotaId": str(found.quota_id) if found.quota_id else None,
        "resourceType": found.meter.metric_type,
        "amount": format_decimal(found.amount),
        "status": found.status,
        "reservedAt": format_timestamp(found.reserved_at),
        "expiresAt": format_timestamp(found.expires_at),
        "endedAt": format_timestamp(found.ended_at) if found.ended_at else None,
        "committedAmount": None if committed is None else format_decimal(committed),
        "eventId": None if committed is None else event_id_of(found),
    }
