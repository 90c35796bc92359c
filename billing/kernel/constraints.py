"""Which constraint of the database an insert met: the one place that knows the driver's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError

from billing.kernel.errors import BillingError


@contextmanager
def refusing(**refusals: BillingError) -> Iterator[None]:
    """Raise our error where a constraint of that name is violated; others go through.

    The transaction is lost either way: the caller's service rolls back.
    """
    try:
        yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        refusal = refusals.get(getattr(diagnosis, "constraint_name", None) or "")
        if refusal is None:
            raise
        raise refusal from None
