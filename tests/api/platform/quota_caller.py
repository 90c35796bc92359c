"""The quotas of one tenant, as a caller of the API meets them."""

from __future__ import annotations

from typing import Any

from tests.client import Api, json_of


class Quotas:
    """The quotas of one tenant, in the hands of one caller."""

    def __init__(self, caller: Api, tenant: str) -> None:
        self.caller, self.tenant = caller, tenant

    def make(self, status: int = 201, **given: Any) -> Any:
        body = {"tenantId": self.tenant, "resourceType": "API_CALLS", "quotaLimit": "10", **given}
        return json_of(self.caller.post("/quotas", body), status)

    def use(self, quantity: object = 1, **given: Any) -> Any:
        event = {"metricType": "API_CALLS", "quantity": quantity, **given}
        return self.caller.post(f"/tenants/{self.tenant}/usage", event)

    def used(self, status: int = 201, **given: Any) -> Any:
        return json_of(self.use(**given), status)

    def batch(self, *events: dict[str, Any], status: int = 201) -> Any:
        body = [{"metricType": "API_CALLS", **event} for event in events]
        return json_of(self.caller.post(f"/tenants/{self.tenant}/usage/batch", body), status)

    def check(self, **query: str) -> Any:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return json_of(self.caller.get(f"/quotas/tenants/{self.tenant}/check?{asked}"))

    def usage(self) -> str:
        (one,) = self.check(resourceType="API_CALLS")["quotas"]
        return str(one["currentUsage"])
