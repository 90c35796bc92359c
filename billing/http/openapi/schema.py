"""What each operation says of itself: who may, and its fields' bounds."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from billing.http.fields import DecimalStringField, TextField, WholeField
from billing.http.openapi.refusals import OWN_STATUSES
from billing.http.permissions import Need
from billing.http.portal import PortalNeed, scopes_of
from billing.http.serializers import Input

OPEN: Final = (Need.OPEN, PortalNeed.OPEN)
SCOPES: Final[dict[Need, tuple[str, ...]]] = {
    Need.CALLER: (),
    Need.READ: ("billing:read", "billing:write", "admin"),
    Need.MANAGE: ("billing:write", "admin"),
    Need.OWN: ("billing:write", "admin"),
    Need.RECORD: ("usage:write", "admin"),
    Need.ASK: ("billing:read", "billing:write", "usage:write", "admin"),
    Need.ADMIN: ("admin",),
}
WHO: Final[dict[Need, str]] = {
    Need.CALLER: "any caller that is authenticated",
    Need.READ: "every member of the tenant's customer; `billing_admin`",
    Need.MANAGE: "an admin or the owner of the tenant's customer; `billing_admin`",
    Need.OWN: "the owner of the tenant's customer; `billing_admin`",
    Need.RECORD: "the role `service`; `billing_admin`",
    Need.ASK: "every member of the tenant's customer; the role `service`; `billing_admin`",
    Need.ADMIN: "the role `billing_admin`",
}
WHO_IN_PORTAL: Final[dict[PortalNeed, str]] = {
    PortalNeed.PERSON: "any user, by a token or a key of their own",
    PortalNeed.MEMBER: "the owner, the admins and the users of a customer",
    PortalNeed.TEAM_ADMIN: "the owner and the admins of a customer",
    PortalNeed.OWNER: "the owner of a customer",
    PortalNeed.ADMIN: "the role `billing_admin`",
    PortalNeed.SERVICE: "the role `service`; `billing_admin`",
}


def who_may(need: Need | PortalNeed) -> str:
    """Say in words who satisfies a need of either surface."""
    return WHO_IN_PORTAL[need] if isinstance(need, PortalNeed) else WHO[need]


def key_scopes(need: Need | PortalNeed, method: str) -> tuple[str, ...]:
    """Return the scopes of which a key needs one for a need of either surface."""
    return scopes_of(need, method) if isinstance(need, PortalNeed) else SCOPES[need]


class CallerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The two ways in: a bearer token, or an API key with its secret."""

    target_class = "billing.http.auth.CallerAuthentication"
    name = ["bearer", "apiKey", "apiSecret"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A token of your issuer, or of `bin/manage token`.",
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "api-key",
                "description": "An API key, together with its secret in `api-secret`.",
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "api-secret",
                "description": "The secret of the key in `api-key`; it is shown once, when made.",
            },
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{"bearer": []}, {"apiKey": [], "apiSecret": []}]


class PlatformSchema(AutoSchema):
    """drf-spectacular's own, with what a view's `needs` and our strict fields know."""

    @property
    def need(self) -> Need | PortalNeed | None:
        needs: dict[str, Need | PortalNeed] = getattr(self.view, "needs", {})
        return needs.get(self.method)

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """Complete what `@extend_schema` says (it overrides the methods below) by who may."""
        operation = super().get_operation(*args, **kwargs)
        if operation is None or self.need is None:
            return operation
        operation["x-required-role"] = self.need.name
        own = getattr(self.view, "statuses", {}).get(self.method, {})
        if own:
            operation[OWN_STATUSES] = {error.code: status for error, status in own.items()}
        if self.need in OPEN:
            return operation
        scopes = key_scopes(self.need, self.method)
        keys = " or ".join(f"`{scope}`" for scope in scopes)
        scope = f" An API key takes the scope {keys}." if keys else ""
        who = f"**Who may:** {who_may(self.need)}.{scope}"
        operation["description"] = f"{operation.get('description', '')}\n\n{who}".strip()
        operation["x-required-scopes"] = [str(scope) for scope in scopes]
        return operation

    def get_description(self) -> str:  # type: ignore[override]
        """Say nothing by default: the docstring of a view is for those who read its code."""
        return ""

    def map_parsers(self) -> list[Any]:
        return ["application/json"]

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, Input):
            schema["additionalProperties"] = False
        if direction == "response":
            for part in schema.get("properties", {}).values():
                part.pop("readOnly", None)  # answers are components of their own
        return schema

    def _get_serializer_name(
        self,
        serializer: Any,
        direction: Any,
        bypass_extensions: bool = False,  # noqa: FBT001, FBT002
    ) -> str:
        name = str(super()._get_serializer_name(serializer, direction, bypass_extensions))
        is_input = isinstance(getattr(serializer, "child", serializer), Input)
        return name.removesuffix("Request") if is_input and direction == "request" else name

    def _map_serializer_field(
        self,
        field: Any,
        direction: Any,
        bypass_extensions: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        schema = super()._map_serializer_field(  # type: ignore[no-untyped-call]
            field, direction, bypass_extensions
        )
        if direction != "request" or not isinstance(schema, dict):
            return schema
        if isinstance(field, TextField) and "pattern" not in schema:
            schema |= {"minLength": field.least, "maxLength": field.most}
        elif isinstance(field, WholeField):
            schema |= {"minimum": field.least, "maximum": field.most}
        elif isinstance(field, DecimalStringField):
            schema["type"] = ["string", "number", *(["null"] if field.allow_null else [])]
        return schema
