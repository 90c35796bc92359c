"""What the API document says of the whole API, and how its two pages show it."""

from __future__ import annotations

from typing import Any, Final

VERSION: Final = "1.0.0"

DESCRIPTION: Final = """\
Usage in, exact invoices out: tenants, meters, plans in versions, subscriptions, usage, previews,
invoices and their PDFs. Every request and answer shown here was made by this system.

## Authentication
Send **either** `Authorization: Bearer <JWT>` **or** `api-key` together with `api-secret`. Both at
once is a 400; neither, or one that does not verify, a 401; one that is good but not allowed, a
403.

- **JWT** (HS256, or RS256 and ES256 with the issuer's JWKS): `sub` is the user's UUID, `exp` is
  required, `roles` lists platform roles: `billing_admin` (everything, across customers) and
  `service` (records usage; for one tenant with the claim `tenant_id`, else for any).
- **API key**: made for a user, or for one tenant's service; its scopes never exceed what its user
  may. A key may be used where an operation names one of its scopes:

| scope | lets its holder |
|---|---|
| `usage:write` | record usage |
| `billing:read` | read what its user may read |
| `billing:write` | read, and change what its user may change |
| `admin` | all that its user may as `billing_admin` |

Each operation says **who may** call it. In a customer's team there are an owner, admins and
users, each with the rights of those after it. A tenant that is unknown or another's is the same
403 `TENANT_MISMATCH`; only `billing_admin` and a `service` bound to no tenant get a 404 for an
unknown one.

## Errors
Every 4xx and 5xx, whichever layer refused, has one body, and says the same in its headers:
`x-error` (the message in one line of ASCII), `x-error-id` (equal errors share it) and
`x-request-id` (also in the logs; send your own to keep it).
```json
{"error": {"code": "INVALID_REQUEST", "message": "…", "requestId": "…",
           "details": [{"field": "charges[0].model", "message": "must be one of …"}]}}
```
`code` is stable: program against it, never against `message`. A known path with a wrong method is
a 405 with `Allow`; a body over 10 MiB a 413; one that is not JSON a 415; 429 and 503 carry
`Retry-After`.

## Idempotency
Every POST takes an `Idempotency-Key` of 1 to 255 characters. The first answer that did or decided
something (2xx, 402, 403, 404, 409, 412) is kept for 24 hours per caller, method and full path,
and comes back with `Idempotent-Replayed: true`. The same key with another body or query is a 409
`IDEMPOTENCY_CONFLICT`; while the first request runs, a 409 `IDEMPOTENCY_IN_PROGRESS`. A 400, 401,
413, 415, 429 or 5xx is not kept: mend the request, or send it again, under the same key.

## Requests
Bodies are JSON in UTF-8 with camelCase names. An unknown field is a 400 that names it, and so is
a wrong type: `"yes"` is no boolean, `true` no number. `null` counts as left out where a field
allows it. Parameters of actions are taken from the body or from the query string; both with
different values are a 400. An answer may gain fields, so ignore those that you don't know.

## Two surfaces
Paths under `/api/v1/billing` speak of tenants, those under `/api/billing/v1` of customers and
their teams. It is one system: a customer's default tenant has its id, a tier is a plan.

## Lists
On the surface of tenants `page` counts from 0, `size` is 1 to 100 (20 if left out), `sort` names a
field, `direction` is `asc` or `desc` (the newest first if left out). A page past the end is 200
with an empty list. The order is total, so no row is lost or seen twice between pages. On the
surface of customers `page` counts from 1, `limit` is 1 to 100 (10 if left out), and the answer has
the page's things under their name, `items` (how many there are) and `pages`.

## Time
Timestamps are RFC 3339. Answers are in UTC with `Z`; any offset is taken, none means UTC. A
period is `[start, end)`: its end belongs to the next one. A **test clock** freezes the time of
its tenants and advances it through every renewal and invoice on the way, so that a year of
billing is tried in seconds.

## Money
Money, prices and quantities are **decimal strings in major units** (`"12.50"`), never binary
floats; a request may also send a JSON number, read exactly as written. Amounts have exactly the
currency's decimals (JPY 0, USD 2, KWD 3); unit prices, quantities and `breakdown` have up to 12.
Everything before a line's amount is exact; each line is rounded once, half up, and totals are
sums of lines.
"""

TAGS: Final[list[dict[str, str]]] = [
    {"name": "Tenants", "description": "Who consumes and is billed: its currency, zone, address."},
    {
        "name": "Meters",
        "description": "Kinds of usage, and how their events become one quantity: SUM, COUNT, MAX, "
        "LATEST or UNIQUE. Ten exist from the start.",
    },
    {
        "name": "Plans",
        "description": "What is offered: a fee, charges for usage, limits. Prices stand in "
        "versions, so that they never change under a subscriber.",
    },
    {"name": "Subscriptions", "description": "Who is on which plan, from when, in which period."},
    {
        "name": "Usage",
        "description": "Events that count. Each is counted once per `eventId`, and is on disk "
        "when its 201 is answered.",
    },
    {"name": "Billing", "description": "What the open period costs so far."},
    {
        "name": "Costs",
        "description": "Cost as it happens: what the open period costs now, of what, since when.",
    },
    {
        "name": "Cost centers",
        "description": "A tenant's own tree of who answers for its usage, with what each spent.",
    },
    {
        "name": "Invoices",
        "description": "What is owed: drafts that follow their period, and final ones that "
        "nothing changes.",
    },
    {
        "name": "Limits",
        "description": "What a tier allows: rates, in windows of the calendar in UTC, and standing "
        "quotas. Services report what they use, and are told at once whether it was allowed.",
    },
    {
        "name": "Quotas",
        "description": "How much of a meter a tenant may use, held by recording itself; and "
        "amounts that are reserved for jobs of unknown size.",
    },
    {
        "name": "Coupons",
        "description": "Codes that take something off a subscription's invoices, or grant credit.",
    },
    {
        "name": "Webhooks",
        "description": "Your systems are told of what happens: signed messages, retried for three "
        "days, numbered per tenant.",
    },
    {"name": "Test clocks", "description": "Time to try with, on systems that allow it."},
    {
        "name": "Customers",
        "description": "Surface A: the paying party, whose id is its default tenant's too.",
    },
    {"name": "Members", "description": "A customer's team: one owner, admins, users."},
    {
        "name": "Administration",
        "description": "For `billing_admin`: tiers and the default among them, any customer, and "
        "how many are on which tier.",
    },
    {"name": "Stripe", "description": "What is Stripe's to do."},
    {"name": "Health", "description": "For load balancers and supervisors. Open to all."},
]

SPECTACULAR: Final[dict[str, Any]] = {
    "TITLE": "Billing",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": VERSION,
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "OAS_VERSION": "3.1.1",
    "PATH_CONVERTER_OVERRIDES": {"text": str},
    "SERVERS": [{"url": "/", "description": "The server that this document comes from"}],
    "TAGS": TAGS,
    "DEFAULT_GENERATOR_CLASS": "billing.http.openapi.endpoints.Generator",
    "SCHEMA_PATH_PREFIX": "/api/(v1/billing|billing/v1)",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "billing.http.openapi.document.complete",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "UsageKind": "quotas.models.Kind",
        "IdentifierType": ["user", "ip"],
        "ChargeModel": "billing.catalog.models.ChargeModel",
        "Aggregation": "billing.catalog.models.Aggregation",
        "Interval": "billing.catalog.models.Interval",
        "LimitWindow": "billing.catalog.models.PlanLimit.Window",
        "SubscriptionStatus": "billing.subscriptions.models.SubscriptionStatus.values",
        "InvoiceStatus": "invoicing.models.InvoiceStatus.values",
        "LineType": "invoicing.models.LineType.values",
        "DiscountType": "coupons.models.DiscountType.values",
        "AllocationMethod": "costs.models.Method.values",
        "EstimateMethod": "costs.projecting.Method",
        "AlertStatus": "alerts.models.AlertStatus.values",
        "ThresholdType": "alerts.models.ThresholdType.values",
        "DeliveryStatus": "webhooks.models.DeliveryStatus.values",
        "ReservationStatus": "billing.metering.quotas.models.ReservationStatus.values",
        "QuotaPeriod": "billing.metering.quotas.models.QuotaPeriod.values",
        "TestClockStatus": ["READY", "ADVANCING", "FAILED"],
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "docExpansion": "list",
        "defaultModelsExpandDepth": 0,
        "defaultModelExpandDepth": 3,
        "displayRequestDuration": True,
        "filter": True,
        "persistAuthorization": False,
        "showExtensions": False,
        "syntaxHighlight": {"theme": "nord"},
        "tryItOutEnabled": False,
        "validatorUrl": None,
    },
}
