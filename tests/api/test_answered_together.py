"""Single events that come at the same time are answered by one thread, each as if it were alone."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection

from billing.http import auth, jointly
from billing.http.hot_path import HotPathApplication
from billing.kernel import clock, context
from billing.metering.models import UsageEvent
from billing.metering.quotas.services import QuotaDraft, create_quota
from billing.metering.verify import verify
from tenants.api.platform import recording
from tenants.metering import committer
from tests.client import BASE, token
from tests.services.metering.conftest import Metered, make_metered

pytestmark = pytest.mark.django_db(transaction=True)

Said = tuple[int, dict[str, str], dict[str, Any]]


class Door:
    """The application, whose first group is held at its commit until all others wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, metered: Metered) -> None:
        self.application = HotPathApplication(lambda _environ, _start: [b""])
        (self.front,) = self.application.fronts.values()
        self.tenant = str(metered.account.id)
        self.metric = metered.meters["SUM"].metric_type
        self.groups: list[int] = []
        self.is_busy, self.may_go_on = threading.Event(), threading.Event()
        commit = committer.commit

        def held(group: Any) -> None:
            self.groups.append(len(group))
            if len(self.groups) == 1:
                self.is_busy.set()
                self.may_go_on.wait(10)
            commit(group)

        monkeypatch.setattr(recording, "commit", held)

    def event(self, event_id: str, **more: Any) -> dict[str, Any]:
        return {"metricType": self.metric, "eventId": event_id, "quantity": "2", **more}

    def call(self, event: object, **environ: Any) -> Said:
        said: list[Any] = []
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        given = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"{BASE}/tenants/{self.tenant}/usage",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": f"Bearer {token('service')}",
            "wsgi.input": BytesIO(body),
            **environ,
        }
        try:
            content = b"".join(self.application(given, lambda *line: said.extend(line)))
            assert (context.actor.get(), context.request_id.get()) == ("system", "")
        finally:
            connection.close()
        headers = {name.lower(): value for name, value in said[1]}
        return int(said[0][:3]), headers, json.loads(content)

    def calls(self, *requests: dict[str, Any]) -> list[Said]:
        """Send one that is held, and these while it is; return the answers to these."""
        with ThreadPoolExecutor(max_workers=len(requests) + 1) as pool:
            first = pool.submit(self.call, self.event("held", quantity="1"))
            assert self.is_busy.wait(10)
            others = []
            for number, request in enumerate(requests, 1):  # one after the other, so in order
                others.append(pool.submit(self.call, **request))
                for _ in range(500):
                    if len(self.front._queue) == number:
                        break
                    time.sleep(0.01)
            self.may_go_on.set()
            assert first.result(10)[0] == 201
            return [each.result(10) for each in others]


@pytest.fixture
def metered() -> Metered:
    return make_metered()


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, metered: Metered) -> Door:
    return Door(monkeypatch, metered)


def test_each_is_answered_as_if_it_were_alone(door: Door, metered: Metered) -> None:
    stranger = f"{BASE}/tenants/00000000-0000-0000-0000-000000000001/usage"
    answers = door.calls(
        {"event": door.event("a"), "HTTP_X_REQUEST_ID": "mine"},
        {"event": door.event("a", quantity="9")},
        {"event": b"{"},
        {"event": door.event("b", metricType="nothing")},
        {"event": door.event("c"), "HTTP_AUTHORIZATION": "Bearer x"},
        {"event": door.event("d"), "PATH_INFO": stranger},
        {"event": door.event("e"), "CONTENT_TYPE": "text/plain"},
        {"event": door.event("f"), "HTTP_HOST": "elsewhere.example"},
        {"event": door.event("g"), "HTTP_AUTHORIZATION": f"Bearer {token()}"},
        {"event": door.event("held", metricType="nothing")},
        {"event": door.event("h\u0000")},
        {"event": door.event("i")},
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
    assert door.groups == [1, 3]
    assert set(UsageEvent.objects.values_list("event_id", flat=True)) == {"held", "a", "i"}
    assert verify(metered.account.id) == []


def test_the_same_credentials_are_looked_at_once(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = auth.caller_by

    def counted(environ: Any) -> Any:
        looked.append(environ["HTTP_AUTHORIZATION"])
        return real(environ)

    monkeypatch.setattr(jointly, "caller_by", counted)
    mine, other = f"Bearer {token('service')}", f"Bearer {token('billing_admin')}"

    answers = door.calls(
        *({"event": door.event(f"m{n}"), "HTTP_AUTHORIZATION": mine} for n in range(4)),
        {"event": door.event("o", quantity="-1", correction=True), "HTTP_AUTHORIZATION": mine},
        {"event": door.event("p", quantity="-1", correction=True), "HTTP_AUTHORIZATION": other},
    )

    assert [status for status, _, _ in answers] == [201] * 4 + [403, 201]
    assert looked[1:] == [mine, other]


def test_tokens_of_an_issuer_are_verified_by_each_for_itself(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    real = auth.caller_by

    def noted(environ: Any) -> Any:
        threads.append(threading.get_ident())
        return real(environ)

    monkeypatch.setattr(jointly, "caller_by", noted)
    monkeypatch.setitem(settings.BILLING, "JWT_ALGORITHMS", ("HS256", "RS256"))

    answers = door.calls(*({"event": door.event(f"e{n}")} for n in range(3)))

    assert [status for status, _, _ in answers] == [201] * 3
    assert len(set(threads)) == 4


def test_a_database_that_is_away_is_told_to_each(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_group: Any) -> None:
        raise OperationalError("the server closed the connection")

    held = vars(recording)["commit"]

    def second_fails(group: Any) -> None:
        (held if not door.groups else away)(group)

    monkeypatch.setattr(recording, "commit", second_fails)

    answers = door.calls({"event": door.event("a")}, {"event": b"["}, {"event": door.event("b")})

    assert [status for status, _, _ in answers] == [503, 400, 503]
    assert answers[0][1]["retry-after"]
    assert UsageEvent.objects.count() == 1


def test_who_is_over_a_quota_is_told_alone(door: Door, metered: Metered) -> None:
    draft = QuotaDraft(meter=metered.meters["SUM"], limit=Decimal(5))
    create_quota(account_id=metered.account.pk, draft=draft, by_admin=True, now=clock.now())

    answers = door.calls(*({"event": door.event(f"e{n}")} for n in range(3)))

    assert [status for status, _, _ in answers] == [201, 201, 403]
    assert answers[2][2]["error"]["code"] == "QUOTA_EXCEEDED"
    assert UsageEvent.objects.count() == 3
