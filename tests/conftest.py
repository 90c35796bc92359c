"""Who calls, and for whom: shared by all tests that speak to the API."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import structlog
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from tenants.metering.meters import BOOK
from tests import database
from tests.client import Api, json_of
from tests.stripe_sandbox.fixtures import stripe_sandbox

__all__ = ["stripe_sandbox"]

# How long an example takes depends on what else the machine does: no test is timed by it.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture
def api() -> Callable[..., Api]:
    """Make a caller: api("service", tenant_id=…)."""
    return Api.of


@pytest.fixture
def admin() -> Api:
    return Api.of("billing_admin")


@pytest.fixture
def service() -> Api:
    """A metering producer that is bound to no tenant."""
    return Api.of("service")


@pytest.fixture
def stranger() -> Api:
    """A good token without any role or team."""
    return Api.of()


@pytest.fixture
def tenant(db: None, admin: Api) -> dict[str, Any]:
    """A tenant in USD and UTC, as the API shows it."""
    body: dict[str, Any] = json_of(admin.post("/tenants", {"name": f"Acme {uuid4().hex[:6]}"}), 201)
    return body


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """Give the worker a database of its own, in place of pytest-django's, migrated each time."""
    with django_db_blocker.unblock():
        name = database.use_a_copy()
    yield
    with django_db_blocker.unblock():
        database.drop(name)


def _empty(_case: TransactionTestCase) -> None:
    database.empty()
    BOOK.meters(fresh=True)  # what the process kept of those that the test made or changed


TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]


# As by default, but for tracebacks drawn in colours: thousands of them, for nobody to see.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.set_exc_info,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)


def pytest_sessionstart() -> None:
    """Collect no garbage while tests are found: what is found stays, and is looked at no more."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def _units(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    """Keep tests together that share what takes long to start: each worker would start its own."""
    units: dict[str, list[pytest.Item]] = {}
    for item in items:
        mark = item.get_closest_marker("one_system")
        name = item.nodeid if mark is None else item.nodeid.partition("::")[0]
        units.setdefault(name, []).append(item)
    return list(units.values())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each worker begin with its share of the slow tests, so that no long one is the last.

    xdist gives each worker one stretch of the list, and to one that is done the end of another's.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers == 1:
        return
    slow = _units([item for item in items if item.get_closest_marker("slow")])
    quick = [item for item in items if not item.get_closest_marker("slow")]
    size = -(-len(items) // workers)
    begun: list[pytest.Item] = []
    for number in range(workers):
        first = [item for unit in slow[number::workers] for item in unit]
        room = max(size - len(first), 0)
        begun += [*first, *quick[:room]]
        del quick[:room]
    items[:] = [*begun, *quick]
