"""What a quota tells, once a window: by mail to each recipient, and as an event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail as django_mail

from billing.metering.quotas import services
from billing.metering.record import record
from billing.models import OutboxEvent, QuotaNotice, UsageQuota
from quotas import notices
from tests import factories
from tests.services.metering.conftest import JUNE, Metered, make_metered

pytestmark = pytest.mark.django_db

LATER = datetime(2999, 1, 1, tzinfo=UTC)
TEAM = ["ops@acme.example", "cfo@acme.example"]


@pytest.fixture
def metered(db: None) -> Metered:
    return make_metered()


def quota_of(metered: Metered, **given: Any) -> UsageQuota:
    draft = services.QuotaDraft(
        **{
            "meter": metered.meters["SUM"],
            "limit": Decimal(100),
            "period": "DAY",
            "recipients": TEAM,
            **given,
        }
    )
    return services.create_quota(
        account_id=metered.account.pk, draft=draft, by_admin=True, now=JUNE
    )


def use(metered: Metered, quantity: str, at: datetime = JUNE) -> None:
    record([factories.batch(metered.account, factories.usage(metered.meters["SUM"], at, quantity))])


def told() -> list[tuple[str, str]]:
    return list(QuotaNotice.objects.order_by("created_at", "id").values_list("kind", "recipient"))


def published() -> list[str]:
    kinds = OutboxEvent.objects.order_by("number").values_list("kind", flat=True)
    return [kind for kind in kinds if kind.startswith("quota.")]


def test_below_the_threshold_nothing_is_told(metered: Metered) -> None:
    quota_of(metered)

    use(metered, "79.999999999999")

    assert (told(), published()) == ([], [])


@pytest.mark.parametrize("is_hard", [True, False])
def test_the_threshold_is_told_once_to_each(metered: Metered, *, is_hard: bool) -> None:
    quota_of(metered, is_hard=is_hard)

    for quantity in ("80", "1", "1"):
        use(metered, quantity)

    assert sorted(told()) == [("WARNING", one) for one in sorted(TEAM)]
    assert published() == ["quota.warning"]


def test_a_soft_quota_tells_when_it_is_exceeded_once(metered: Metered) -> None:
    quota_of(metered, is_hard=False)

    for quantity in ("100", "1", "1"):
        use(metered, quantity)

    assert published() == ["quota.warning", "quota.exceeded"]
    assert len(told()) == 4


def test_a_hard_quota_tells_when_it_first_refuses(metered: Metered) -> None:
    quota_of(metered)
    use(metered, "100")
    before = published()

    for _ in range(3):
        use(metered, "1")

    assert before == ["quota.warning"]
    assert published() == ["quota.warning", "quota.exceeded"]


def test_each_window_tells_anew(metered: Metered) -> None:
    quota_of(metered, is_hard=False)

    use(metered, "90")
    use(metered, "90", JUNE + timedelta(days=1))

    assert published() == ["quota.warning", "quota.warning"]


def test_a_quota_that_is_made_over_what_was_used_tells_at_once(metered: Metered) -> None:
    use(metered, "150")

    quota_of(metered)

    assert published() == ["quota.warning", "quota.exceeded"]


def test_what_is_published_says_how_the_quota_stands(metered: Metered) -> None:
    quota = quota_of(metered, resource_name="Exports")
    use(metered, "85.5")

    event = OutboxEvent.objects.get(kind="quota.warning")

    assert event.account_id == metered.account.pk
    assert event.data == {
        "quotaId": str(quota.pk),
        "tenantId": str(metered.account.pk),
        "resourceType": metered.meters["SUM"].metric_type,
        "resourceName": "Exports",
        "unit": metered.meters["SUM"].unit,
        "quotaLimit": "100",
        "currentUsage": "85.5",
        "period": "DAY",
        "periodStart": "2025-06-01T00:00:00Z",
        "periodEnd": "2025-06-02T00:00:00Z",
        "warningThresholdPercent": 80,
        "enforceHardLimit": True,
    }


def test_the_mails_are_sent_once(metered: Metered) -> None:
    quota_of(metered, resource_name="Exports")
    use(metered, "85.5")

    sent = [notices.send_due(now=LATER), notices.send_due(now=LATER)]

    assert sent == [2, 0]
    assert [mail.to for mail in django_mail.outbox] == [[one] for one in TEAM]
    first: Any = django_mail.outbox[0]
    assert first.subject == "Acme: 80% of the quota of Exports is used"
    assert first.body == (
        "Acme has used 85.5 of the 100 that its quota of Exports allows.\n\n"
        "What goes over the limit will be refused.\n\n"
        "The count begins anew at June 2, 2025, 00:00 UTC.\n\n"
        "Questions? Write to billing@example.com.\n\nExample Seller Ltd\n"
    )
    page, kind = first.alternatives[0]
    assert (kind, first.reply_to) == ("text/html", ["billing@example.com"])
    assert "Acme has used 85.5 of the 100 that its quota of Exports allows." in page


@pytest.mark.parametrize(
    ("unit", "language", "said"),
    [
        ("count", "en", "Acme has used 85.5 of the 100 that its quota of Exports allows."),
        ("seconds", "de", "Acme hat 85,5 von 100 Sekunden genutzt, die das Kontingent"),
        ("GB", "de", "Acme hat 85,5 von 100 GB genutzt, die das Kontingent"),
    ],
)
def test_a_mail_names_the_unit_where_it_says_more_than_the_number(
    metered: Metered, settings: Any, unit: str, language: str, said: str
) -> None:
    settings.BILLING = {**settings.BILLING, "INVOICE_LANGUAGE": language}
    type(metered.meters["SUM"]).objects.filter(pk=metered.meters["SUM"].pk).update(unit=unit)
    quota_of(metered, resource_name="Exports", recipients=TEAM[:1])
    use(metered, "85.5")

    notices.send_due(now=LATER)

    assert django_mail.outbox[0].body.startswith(said)


def test_a_mail_that_fails_is_tried_again_and_given_up_at_last(
    metered: Metered, monkeypatch: pytest.MonkeyPatch
) -> None:
    quota_of(metered, recipients=TEAM[:1])
    use(metered, "85")

    def refuse(self: object) -> None:
        raise OSError("no such server")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    notices.send_due(now=LATER)
    notice = QuotaNotice.objects.get()
    first = (notice.attempts, notice.due_at, notice.failure)
    for number in range(1, 12):
        notices.send_due(now=LATER + timedelta(days=number))

    notice.refresh_from_db()
    assert first == (1, LATER + timedelta(minutes=1), "OSError: no such server")
    assert (notice.attempts, notice.due_at, notice.sent_at) == (10, None, None)


def test_on_a_test_clock_the_mails_are_held(metered: Metered) -> None:
    clock = factories.clock(JUNE)
    type(metered.account).objects.filter(pk=metered.account.pk).update(test_clock=clock)
    quota_of(metered)
    use(metered, "85")

    assert notices.send_due(now=LATER) == 0
    assert len(told()) == 2
