"""A tenant's page shows how much of each limit is used."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from quotas.admin.panels import limits_panel
from tests.client import Api, json_of
from tests.quotas.scene import NOON, Team, consume, team

LIMITS = (
    ("ai", "calls", 10, "minute"),
    ("ai", "tokens", -1, "month"),
    ("ai", "training", 0, "day"),
    ("disk", "projects", 5, ""),
    ("billing", "members", 3, ""),
)


@pytest.fixture
def busy(db: None, service: Api) -> Team:
    acme = team(*LIMITS, at=NOON)
    for names, amount in ((("ai", "calls"), 8), (("disk", "projects"), 2)):
        body = {"customerId": acme.id, "serviceName": names[0], "featureKey": names[1]}
        json_of(consume(service, {**body, "amount": amount}))
    return acme


def words(cell: object) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", str(cell)).split())


def test_each_limit_has_its_use_and_its_share(busy: Team) -> None:
    with translation.override("en"):
        panel = limits_panel(busy.account)
        rows = {words(row[1]).split()[0]: [words(cell) for cell in row[2:]] for row in panel.rows}

    assert rows == {
        "calls": ["8", "10 a minute", "80%", "2025-06-10 12:01 UTC"],
        "tokens": ["0", "Unlimited", "No limit", "2025-07-01 00:00 UTC"],
        "training": ["0", "0 a day", "Disabled", "2025-06-11 00:00 UTC"],
        "projects": ["2", "5 at a time", "40%", "Never"],
        "members": ["3", "3 at a time", "100%", "Never"],
    }
    bars = {words(row[1]).split()[0]: str(row[4]) for row in panel.rows}
    assert 'class="bo-share-warn" style="width: 80%"' in bars["calls"]
    assert 'class="bo-share-bad" style="width: 100%"' in bars["members"]
    assert 'aria-label="40 of 100 used"' in bars["projects"]


def test_staff_see_it_on_the_tenants_page_in_their_language(busy: Team) -> None:
    client = Client(headers={"Accept-Language": "de"})
    client.force_login(User.objects.create_superuser("ada", password="x"))

    page = client.get(f"/admin/tenants/tenant/{busy.id}/change/").content.decode()

    assert "Grenzen" in page
    assert "10 pro Minute" in page
    assert "Abgeschaltet" in page


def test_without_valkey_the_quotas_are_shown_and_the_reason(
    busy: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.BILLING, "REDIS_URL", "redis://127.0.0.1:1/0")

    with translation.override("en"):
        panel = limits_panel(busy.account)

    assert [row[0] for row in panel.rows] == ["billing", "disk"]
    assert "Valkey does not answer" in str(panel.title)


def test_without_a_subscription_there_is_nothing_to_show(db: None) -> None:
    assert limits_panel(team(subscribed=False).account).rows == []


def test_what_a_plan_says_is_shown_as_text(db: None) -> None:
    acme = team(("<b>x</b>", "<i>y</i>", 5, "day"))

    (row,) = limits_panel(acme.account).rows

    assert "<i>" not in str(row[1])
    assert type(row[0]) is str
