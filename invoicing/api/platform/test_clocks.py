"""`/test-clocks`: a tenant's time, frozen and advanced."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.fields import IdField, TextField, TimeField
from billing.http.openapi import refusals
from billing.http.permissions import Need
from billing.http.serializers import Input, read
from billing.http.views import PlatformView, path_id
from billing.kernel import clock
from billing.kernel.errors import BillingError, Kind, NotFound
from billing.models import TestClock
from invoicing import test_clocks


class TestClocksDisabled(BillingError):
    """Raised outside of test systems."""

    code = "TEST_CLOCKS_DISABLED"
    kind = Kind.FORBIDDEN
    message = "Test clocks are for test systems: start this one with BILLING_TEST_CLOCKS=1."


class ClockInput(Input):
    """A new clock."""

    frozenTime = TimeField()
    name = TextField(required=False, allow_null=True)


class AdvanceInput(Input):
    """Where to."""

    frozenTime = TimeField()


class ClockSerializer(serializers.Serializer[TestClock]):
    """A test clock. `reachedAt` is how far the work has come."""

    id = IdField()
    name = TextField()
    frozenTime = TimeField(source="frozen_time")
    reachedAt = TimeField(source="reached_at")
    status = serializers.ChoiceField(choices=TestClock.Status.values)


def show(row: TestClock) -> dict[str, Any]:
    return dict(ClockSerializer(row).data)


class ClockBase(PlatformView):
    """Refuses where test clocks are off."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not settings.BILLING["BILLING_TEST_CLOCKS"]:
            raise TestClocksDisabled


class TestClocksView(ClockBase):
    """All clocks."""

    needs = {"POST": Need.ADMIN}

    @extend_schema(
        operation_id="create_test_clock",
        summary="Make a test clock",
        description="Tenants are put on one when they are made. Takes BILLING_TEST_CLOCKS=1.",
        tags=["Test clocks"],
        request=ClockInput,
        responses={201: ClockSerializer, **refusals(TestClocksDisabled)},
    )
    def post(self, request: Request) -> Response:
        given = read(ClockInput, request.data)
        return self.answer(
            test_clocks.create_clock,
            show,
            status=201,
            frozen_time=given["frozenTime"],
            name=given.get("name") or "",
            now=clock.now(),
        )


class TestClockView(ClockBase):
    """One clock."""

    needs = {"GET": Need.ADMIN, "DELETE": Need.ADMIN}

    @extend_schema(
        operation_id="get_test_clock",
        summary="Get a test clock",
        description="`reachedAt` is how far the work of an advance has come.",
        tags=["Test clocks"],
        responses={200: ClockSerializer, **refusals(TestClocksDisabled)},
    )
    def get(self, request: Request, clock_id: str) -> Response:
        found = TestClock.objects.filter(pk=path_id(clock_id, "id")).first()
        if found is None:
            raise NotFound(noun="test clock")
        return Response(show(found))

    @extend_schema(
        operation_id="delete_test_clock",
        summary="Delete a test clock with its tenants",
        description="And with all that is theirs: subscriptions, usage, invoices.",
        tags=["Test clocks"],
        responses={
            204: OpenApiResponse(None, "It is gone, with all that its tenants had."),
            **refusals(TestClocksDisabled),
        },
    )
    def delete(self, request: Request, clock_id: str) -> Response:
        test_clocks.delete_clock(clock_id=path_id(clock_id, "id"))
        return Response(status=204)


class AdvanceView(ClockBase):
    """Advance."""

    needs = {"POST": Need.ADMIN}

    @extend_schema(
        operation_id="advance_test_clock",
        summary="Advance a test clock",
        description="Does everything that is due on the way, in order. After 50 seconds of work: "
        "202 with status ADVANCING; asking for the same time again goes on. Backwards: 400.",
        tags=["Test clocks"],
        request=AdvanceInput,
        responses={
            200: OpenApiResponse(ClockSerializer, "All that was due on the way is done."),
            202: OpenApiResponse(ClockSerializer, "Still ADVANCING: ask for the same time again."),
            **refusals(TestClocksDisabled),
        },
    )
    def post(self, request: Request, clock_id: str) -> Response:
        given = read(AdvanceInput, request.data)
        found = test_clocks.advance(
            clock_id=path_id(clock_id, "id"), frozen_time=given["frozenTime"]
        )
        return Response(show(found), status=202 if found.status == "ADVANCING" else 200)
