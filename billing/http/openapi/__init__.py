"""The OpenAPI 3.1 document: what the views say of themselves, and what every operation shares."""

from billing.http.openapi.described import described_by
from billing.http.openapi.refusals import refusals

__all__ = ["described_by", "refusals"]
