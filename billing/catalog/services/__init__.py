"""Changes of the catalogue: each one transaction, with its audit entry."""

from billing.catalog.services.meters import create_meter, update_meter
from billing.catalog.services.plans import (
    archive_plan,
    create_plan,
    make_default_plan,
    update_plan,
)

__all__ = [
    "archive_plan",
    "create_meter",
    "create_plan",
    "make_default_plan",
    "update_meter",
    "update_plan",
]
