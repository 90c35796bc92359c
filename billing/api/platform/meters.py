"""`/meters`: kinds of usage, and how their events become one quantity."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.catalog import services
from billing.catalog.errors import MeterInUse
from billing.catalog.models import Aggregation, Meter
from billing.catalog.queries import meter_of
from billing.http.fields import CodeField, FlagField, OneOfField, TextField
from billing.http.openapi import refusals
from billing.http.paging import listing, page_of, page_query
from billing.http.permissions import Need
from billing.http.serializers import Input, read, read_query
from billing.http.views import PlatformView
from billing.kernel import clock
from billing.kernel.errors import AlreadyExists

UNIQUE_FIELD: Final = "The event's property that a UNIQUE meter counts the values of."


class MeterInput(Input):
    """A new meter."""

    metricType = CodeField()
    name = TextField()
    unit = TextField(default="count")
    aggregation = OneOfField(choices=Aggregation.choices)
    uniqueField = TextField(required=False, allow_null=True, help_text=UNIQUE_FIELD)
    isActive = FlagField(default=True)


class MeterPatch(Input):
    """What of a meter may change."""

    name = TextField(required=False)
    unit = TextField(required=False)
    aggregation = OneOfField(choices=Aggregation.choices, required=False)
    uniqueField = TextField(required=False, allow_null=True, help_text=UNIQUE_FIELD)
    isActive = FlagField(required=False)


class MeterSerializer(serializers.Serializer[Meter]):
    """A meter as the API shows it."""

    metricType = TextField(source="metric_type")
    name = TextField()
    unit = TextField()
    aggregation = OneOfField(choices=Aggregation.choices)
    uniqueField = serializers.SerializerMethodField(help_text=UNIQUE_FIELD)
    isActive = FlagField(source="is_active")

    def get_uniqueField(self, meter: Meter) -> str | None:  # noqa: N802
        return meter.unique_field or None


COLUMNS: Final = {
    "name": "name",
    "unit": "unit",
    "aggregation": "aggregation",
    "uniqueField": "unique_field",
    "isActive": "is_active",
}
SORTS: Final = {"createdAt": "created_at", "metricType": "metric_type", "name": "name"}
MeterQuery = page_query(SORTS, active=FlagField(required=False))


def columns_of(given: dict[str, Any]) -> dict[str, Any]:
    """Turn the wire's names into the model's."""
    named = {COLUMNS[name]: value for name, value in given.items() if name in COLUMNS}
    if "unique_field" in named:
        named["unique_field"] = named["unique_field"] or ""
    return named


def show(meter: Meter) -> Any:
    return MeterSerializer(meter).data


class MetersView(PlatformView):
    """All meters."""

    needs = {"GET": Need.CALLER, "POST": Need.ADMIN}

    @extend_schema(
        operation_id="create_meter",
        summary="Create a meter",
        description="A UNIQUE meter counts the distinct values of "
        "`uniqueField`: `userId`, or a property of the events' metadata.",
        tags=["Meters"],
        request=MeterInput,
        responses={201: MeterSerializer, **refusals(AlreadyExists)},
    )
    def post(self, request: Request) -> Response:
        given = read(MeterInput, request.data)
        return self.answer(
            services.create_meter,
            show,
            status=201,
            metric_type=given["metricType"],
            now=clock.now(),
            **columns_of(given),
        )

    @extend_schema(
        operation_id="list_meters",
        summary="List meters",
        description="Ten exist from the start.",
        tags=["Meters"],
        parameters=[MeterQuery],
        responses=listing(MeterSerializer),
    )
    def get(self, request: Request) -> Response:
        query = read_query(MeterQuery, request)
        rows = Meter.objects.all()
        if "active" in query:
            rows = rows.filter(is_active=query["active"])
        return page_of(rows, query, SORTS, show)


class MeterView(PlatformView):
    """One meter."""

    needs = {"GET": Need.CALLER, "PATCH": Need.ADMIN}

    @extend_schema(
        operation_id="get_meter",
        summary="Get a meter",
        tags=["Meters"],
        responses=MeterSerializer,
    )
    def get(self, request: Request, metric_type: str) -> Response:
        return Response(show(meter_of(metric_type)))

    @extend_schema(
        operation_id="update_meter",
        summary="Change a meter",
        description="Only what is given changes. `aggregation` and "
        "`uniqueField` may change until usage or a charge refers to the meter (409). One that is "
        "not active takes no usage, and no new charge refers to it.",
        tags=["Meters"],
        request=MeterPatch,
        responses={200: MeterSerializer, **refusals(MeterInUse)},
    )
    def patch(self, request: Request, metric_type: str) -> Response:
        given = read(MeterPatch, request.data, partial=True)
        return self.answer(
            services.update_meter,
            show,
            metric_type=metric_type,
            changes=columns_of(given),
            now=clock.now(),
        )
