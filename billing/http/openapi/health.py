"""What `/healthz` and `/readyz` are, for the document: the views themselves are plain."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.http.openapi.refusals import refusals
from billing.kernel.errors import ServiceUnavailable


class ChecksSerializer(serializers.Serializer[Any]):
    """Each part that is needed: `ok`, or what is wrong with it."""

    database = serializers.CharField()
    migrations = serializers.CharField()
    valkey = serializers.CharField()
    worker = serializers.CharField()


class ReadinessSerializer(serializers.Serializer[Any]):
    """Whether all that this process needs is there."""

    status = serializers.ChoiceField(choices=["ok"])
    checks = ChecksSerializer()


class HealthSerializer(serializers.Serializer[Any]):
    """That this process answers."""

    status = serializers.CharField()


class OpenToAll(APIView):
    """Takes no credentials."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class HealthDescription(OpenToAll):
    """`/healthz`."""

    @extend_schema(
        operation_id="healthz",
        summary="Is this process alive?",
        description="It answers, whatever else is broken: a supervisor restarts it otherwise.",
        tags=["Health"],
        responses={200: OpenApiResponse(HealthSerializer, "It is.")},
    )
    def get(self, request: Request) -> Response:
        raise NotImplementedError


class ReadinessDescription(OpenToAll):
    """`/readyz`."""

    @extend_schema(
        operation_id="readyz",
        summary="May this process get requests?",
        description="Asks the database, its migrations, Valkey and a worker. What is missing "
        "stands in `checks`, beside the error.",
        tags=["Health"],
        responses={
            200: OpenApiResponse(ReadinessSerializer, "All is there."),
            **refusals(ServiceUnavailable),
        },
    )
    def get(self, request: Request) -> Response:
        raise NotImplementedError
