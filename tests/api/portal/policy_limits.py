"""Who may do what with limits and quotas: rows of the policy of surface A.

Each row: method, path, body, and who may (all others are refused). Callers are: nobody, stranger
(a good token without a team), user, teamadmin, owner, admin (billing_admin), service, and API keys
of the owner with one scope each: key:read, key:write, key:usage, key:admin. {customer} stands for
the id of the team's customer.
"""

from __future__ import annotations

from typing import Any, Final

TEAM: Final = "owner teamadmin user key:read key:write key:admin"
ADMIN: Final = "admin"
SERVICES: Final = "admin service key:usage"
EVERYONE: Final = (
    "nobody stranger user teamadmin owner admin service key:read key:write key:usage key:admin"
)
CONSUME: Final = {"customerId": "{customer}", "serviceName": "ai-api", "featureKey": "tokens"}
SOMEBODY: Final = "?userId=019a2f6e-8c1b-7a40-b2c9-5f0d7d1e6a22"

POLICY_LIMITS: Final[list[tuple[str, str, Any, str]]] = [
    ("get", "/limits", None, TEAM),
    ("get", "/limits/ai-api", None, TEAM),
    ("get", "/limits/ai-api/tokens", None, TEAM),
    ("get", "/limits/usage", None, TEAM),
    ("get", "/usage", None, TEAM),
    ("get", f"/limits/usage/users{SOMEBODY}", None, ADMIN),
    ("get", "/limits/ip", None, EVERYONE),
    ("get", "/limits/ip/ai-api", None, EVERYONE),
    ("get", "/limits/usage/ip", None, EVERYONE),
    ("get", "/quotas", None, TEAM),
    ("get", "/quotas/storage", None, TEAM),
    ("get", "/quotas/storage/projects", None, TEAM),
    ("get", "/quotas/usage", None, TEAM),
    ("get", f"/quotas/usage/users{SOMEBODY}", None, ADMIN),
    ("post", "/limits/consume", CONSUME, SERVICES),
]
