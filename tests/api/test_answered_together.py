"""Single events that come at the same time are answered by one thread, each as if it were alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError

from billing.http import auth, jointly
from billing.kernel import clock, statements
from billing.metering.models import UsageEvent
from billing.metering.quotas.services import QuotaDraft, create_quota
from billing.metering.verify import verify
from tenants.api.platform import recording
from tests.api.door import Door, Said
from tests.client import BASE, token
from tests.services.metering.conftest import Metered, make_metered

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def metered() -> Metered:
    return make_metered()


class Events:
    """The door for single events of one tenant."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, metered: Metered) -> None:
        self.metric = metered.meters["SUM"].metric_type
        self.door = Door(f"{BASE}/tenants/{metered.account.id}/usage")
        self.door.hold(monkeypatch, recording, "commit")

    def event(self, event_id: str, **more: Any) -> dict[str, Any]:
        return {"metricType": self.metric, "eventId": event_id, "quantity": "2", **more}

    def calls(self, *requests: dict[str, Any]) -> list[Said]:
        return self.door.calls(self.event("held", quantity="1"), *requests)


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch, metered: Metered) -> Events:
    return Events(monkeypatch, metered)


def test_each_is_answered_as_if_it_were_alone(events: Events, metered: Metered) -> None:
    stranger = f"{BASE}/tenants/00000000-0000-0000-0000-000000000001/usage"
    answers = events.calls(
        {"body": events.event("a"), "HTTP_X_REQUEST_ID": "mine"},
        {"body": events.event("a", quantity="9")},
        {"body": b"{"},
        {"body": events.event("b", metricType="nothing")},
        {"body": events.event("c"), "HTTP_AUTHORIZATION": "Bearer x"},
        {"body": events.event("d"), "PATH_INFO": stranger},
        {"body": events.event("e"), "CONTENT_TYPE": "text/plain"},
        {"body": events.event("f"), "HTTP_HOST": "elsewhere.example"},
        {"body": events.event("g"), "HTTP_AUTHORIZATION": f"Bearer {token()}"},
        {"body": events.event("held", metricType="nothing")},
        {"body": events.event("h\u0000")},
        {"body": events.event("i")},
    )

    assert [status for status, _, _ in answers] == [
        *(201, 200, 400, 400, 401, 404, 415, 400, 403, 200, 400, 201)
    ]
    codes = [body["error"]["code"] for status, _, body in answers if status >= 400]
    assert codes == [
        *("MALFORMED_BODY", "UNKNOWN_METRIC_TYPE", "INVALID_CREDENTIALS", "TENANT_NOT_FOUND"),
        *("UNSUPPORTED_MEDIA_TYPE", "INVALID_REQUEST", "TENANT_MISMATCH", "INVALID_REQUEST"),
    ]
    ids = [headers["x-request-id"] for _, headers, _ in answers]
    assert (ids[0], len(set(ids))) == ("mine", len(ids))
    assert all(
        body["error"]["requestId"] == headers["x-request-id"]
        for status, headers, body in answers
        if status >= 400
    )
    assert events.door.groups == [1, 3]
    assert set(UsageEvent.objects.values_list("event_id", flat=True)) == {"held", "a", "i"}
    assert verify(metered.account.id) == []


Look = tuple[str, int]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Look]:
    """Return the looks at connections and at credentials, as they are taken: by which thread."""
    taken: list[Look] = []

    def note(name: str, work: Callable[..., Any], what: Callable[..., str]) -> None:
        def noted(*given: Any) -> Any:
            taken.append((what(*given), threading.get_ident()))
            return work(*given)

        monkeypatch.setattr(jointly, name, noted)

    note("caller_by", auth.caller_by, lambda environ: str(environ["HTTP_AUTHORIZATION"]))
    note("drop_dead_connection", statements.drop_dead_connection, lambda: "connection")
    return taken


def test_the_same_credentials_are_looked_at_once(events: Events, looks: list[Look]) -> None:
    mine, other = f"Bearer {token('service')}", f"Bearer {token('billing_admin')}"

    answers = events.calls(
        *({"body": events.event(f"m{n}"), "HTTP_AUTHORIZATION": mine} for n in range(4)),
        {"body": events.event("o", quantity="-1", correction=True), "HTTP_AUTHORIZATION": mine},
        {"body": events.event("p", quantity="-1", correction=True), "HTTP_AUTHORIZATION": other},
    )

    assert [status for status, _, _ in answers] == [201] * 4 + [403, 201]
    looked = [what for what, _ in looks if what != "connection"]
    assert looked[1:] == [mine, other]


def test_tokens_of_an_issuer_are_verified_by_each_for_itself(
    events: Events, looks: list[Look], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.BILLING, "JWT_ALGORITHMS", ("HS256", "RS256"))

    answers = events.calls(*({"body": events.event(f"e{n}")} for n in range(3)))

    assert [status for status, _, _ in answers] == [201] * 3
    threads = {thread for what, thread in looks if what != "connection"}
    assert len(threads) == 4
    for each in threads:  # one that has died is dropped before it is asked
        assert next(what for what, thread in looks if thread == each) == "connection"


def test_a_database_that_is_away_is_told_to_each(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_group: Any) -> None:
        raise OperationalError("the server closed the connection")

    held = vars(recording)["commit"]

    def second_fails(group: Any) -> None:
        (held if not events.door.groups else away)(group)

    monkeypatch.setattr(recording, "commit", second_fails)

    answers = events.calls({"body": events.event("a")}, {"body": b"["}, {"body": events.event("b")})

    assert [status for status, _, _ in answers] == [503, 400, 503]
    assert answers[0][1]["retry-after"]
    assert UsageEvent.objects.count() == 1


def test_who_is_over_a_quota_is_told_alone(events: Events, metered: Metered) -> None:
    draft = QuotaDraft(meter=metered.meters["SUM"], limit=Decimal(5))
    create_quota(account_id=metered.account.pk, draft=draft, by_admin=True, now=clock.now())

    answers = events.calls(*({"body": events.event(f"e{n}")} for n in range(3)))

    assert [status for status, _, _ in answers] == [201, 201, 403]
    assert answers[2][2]["error"]["code"] == "QUOTA_EXCEEDED"
    assert UsageEvent.objects.count() == 3
