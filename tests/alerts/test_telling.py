"""Who is told of an alert that fired; dismissal; how a crossing is found, whatever dies."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.core import mail
from django.db import connection
from django.test import override_settings

from alerts import watching
from alerts.erasing import erase_alerts
from alerts.looking import SETTLES, Sweeper, look_at
from alerts.models import Alert, AlertFiring, AlertWatch
from billing.kernel import clock
from billing.models import Account, OutboxEvent
from invoicing.mailing import sending as mails
from invoicing.records import Mail
from tests.alerts.scene import Scene, account_of, deliver, fired, sweep
from tests.client import Api, json_of
from tests.webhooks.receiver import Receiver
from webhooks.models import WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene() -> Scene:
    return Scene.at("2026-03-10T12:30:00Z", budget="200.00", billingEmail="ap@acme.example")


class TestTelling:
    def test_a_mail_says_it(self, scene: Scene) -> None:
        scene.alert("ABSOLUTE", "100.00", notifyEmail="ops@acme.example")
        scene.spend(100)

        sweep()

        written = Mail.objects.get(template="alert")
        assert (written.recipient, written.status) == ("ops@acme.example", "HELD")
        assert written.subject == "Acme has reached 100.00 USD"
        assert "100.00\N{NO-BREAK SPACE}USD" in written.text
        assert "100.00\N{NO-BREAK SPACE}USD" in written.html
        mails.retry_mail(mail_id=written.pk, now=clock.now())
        mails.send_due(now=clock.now())
        assert [one.to for one in mail.outbox] == [["ops@acme.example"]]

    def test_a_mail_writes_numbers_as_its_language_does(self, scene: Scene, settings: Any) -> None:
        settings.BILLING = {**settings.BILLING, "INVOICE_LANGUAGE": "de"}
        scene.alert("ABSOLUTE", "1000.50")
        scene.alert("PERCENTAGE_OF_BUDGET", "62.5")
        scene.spend(1001)

        sweep()

        subjects = set(Mail.objects.values_list("subject", flat=True))
        assert subjects == {"Acme hat 1.000,50 USD erreicht", "Acme hat 62,5 % erreicht"}

    def test_true_is_the_tenants_own_address_and_false_is_nobody(self, scene: Scene) -> None:
        scene.alert("ABSOLUTE", "100.00", notifyEmail=True)
        scene.alert("ABSOLUTE", "90.00", notifyEmail=False)
        scene.spend(100)

        sweep()

        assert [one.recipient for one in Mail.objects.all()] == ["ap@acme.example"]

    def test_a_signed_message_and_one_for_slack(self, scene: Scene, receiver: Receiver) -> None:
        made = scene.alert(
            "ABSOLUTE", "100.00", webhookUrl=receiver.url, notifySlack=f"{receiver.url}/slack"
        )
        scene.spend(100)

        sweep()
        deliver()

        signed = next(one for one in receiver.received if "type" in one.json)
        slack = next(one for one in receiver.received if "text" in one.json)
        event = OutboxEvent.objects.get(kind="alert.triggered")
        assert signed.is_signed_with(made["webhookSecret"])
        assert signed.json["id"] == str(event.pk)
        assert signed.json["data"]["currentAmount"] == "100"
        assert slack.json == {
            "text": "Acme: this period has cost 100.00 USD so far, "
            "which reaches the alert at 100.00 USD."
        }
        assert len(receiver.received) == 2

    def test_webhooks_of_the_tenant_are_told_too(self, scene: Scene, receiver: Receiver) -> None:
        hook = {"url": receiver.url, "eventTypes": ["alert.*"]}
        scene.post(f"/tenants/{scene.tenant}/webhooks", hook, status=201)
        scene.alert("ABSOLUTE", "100.00")
        scene.spend(100)

        sweep()
        deliver()

        assert receiver.kinds == ["alert.triggered"]

    def test_the_operators_slack_is_true(
        self, scene: Scene, receiver: Receiver, settings: Any
    ) -> None:
        slack = {**settings.BILLING, "BILLING_SLACK_URL": receiver.url}
        with override_settings(BILLING=slack):
            scene.alert("ABSOLUTE", "100.00", notifySlack=True)
        scene.spend(100)

        sweep()
        deliver()

        assert [list(one.json) for one in receiver.received] == [["text"]]

    def test_a_receiver_that_fails_is_tried_again(self, scene: Scene, receiver: Receiver) -> None:
        scene.alert("ABSOLUTE", "100.00", webhookUrl=receiver.url)
        receiver.status = 500
        scene.spend(100)
        sweep()
        deliver()

        delivery = WebhookDelivery.objects.get()

        assert (delivery.status, delivery.attempts) == ("WAITING", 1)


class TestDismissal:
    def test_a_dismissed_alert_is_quiet_until_the_next_period(self, scene: Scene) -> None:
        made = scene.alert("ABSOLUTE", "100.00")
        path = f"/realtime-cost/alerts/{made['id']}/dismiss"

        first = scene.post(path, status=200)
        again = scene.post(path, status=200)
        scene.spend(150)
        sweep()
        assert (first["status"], again) == ("DISMISSED", first)
        assert (fired(), scene.statuses()) == ([], ["DISMISSED"])

        scene.advance("2026-04-10T13:00:00Z")
        deliver()
        scene.spend(150)
        sweep()
        assert fired() == [("ABSOLUTE", "150")]

    def test_a_fired_one_can_be_dismissed_and_listed_by_status(self, scene: Scene) -> None:
        made = scene.alert("ABSOLUTE", "100.00")
        other = scene.alert("ABSOLUTE", "1000.00")
        scene.spend(150)
        sweep()

        dismissed = scene.post(f"/realtime-cost/alerts/{made['id']}/dismiss", status=200)

        assert dismissed["triggeredAt"] is not None
        assert [row["id"] for row in scene.alerts("&status=DISMISSED")] == [made["id"]]
        assert [row["id"] for row in scene.alerts("&status=ACTIVE")] == [other["id"]]
        assert scene.alerts("&status=TRIGGERED") == []


class TestFinding:
    def test_a_crash_before_the_note_is_made_up_for(self, scene: Scene) -> None:
        scene.alert("ABSOLUTE", "100.00")
        scene.spend(100)
        now = clock.now()
        found = watching.due(now=now) + watching.changed(now=now)
        assert watching.lease(found[:1], now=now) == found[:1]  # and the worker dies here
        sweep()
        assert fired() == []

        AlertWatch.objects.update(leased_until=clock.now())  # half a minute on
        sweep()

        assert fired() == [("ABSOLUTE", "100")]

    def test_two_workers_fire_once(self, scene: Scene) -> None:
        made = scene.alert("ABSOLUTE", "100.00")
        scene.spend(100)
        look_at(account_of(made), began=clock.now())
        Alert.objects.update(status="ACTIVE", triggered_at=None)
        look_at(account_of(made), began=clock.now())

        assert fired() == [("ABSOLUTE", "100")]
        assert OutboxEvent.objects.filter(kind="alert.triggered").count() == 1

    def test_an_idle_system_is_asked_two_questions(
        self, scene: Scene, django_assert_num_queries: Any
    ) -> None:
        scene.alert("ABSOLUTE", "100.00")
        sweeper = Sweeper()
        sweeper.sweep(read_clock=clock.now)

        settled = clock.now() + SETTLES
        with django_assert_num_queries(2):
            sweeper.sweep(read_clock=lambda: settled)

    def test_a_recording_that_had_not_committed_is_found_by_the_next_sweep(
        self, scene: Scene
    ) -> None:
        scene.alert("ABSOLUTE", "100.00")
        sweeper, drawn = Sweeper(), watching.recorded_so_far()
        scene.spend(99)
        sweeper.sweep(read_clock=clock.now)
        with patch.object(watching, "recorded_so_far", lambda: drawn + 2):
            sweeper.sweep(read_clock=clock.now)  # its number is drawn, and it is not there yet
            scene.spend(1)

            sweeper.sweep(read_clock=clock.now)

        assert fired() == [("ABSOLUTE", "100")]

    def test_the_first_usage_that_a_database_ever_records_is_found_at_once(
        self, scene: Scene
    ) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER SEQUENCE billing_usage_block RESTART")
        scene.alert("ABSOLUTE", "100.00")
        sweeper = Sweeper()
        sweeper.sweep(read_clock=clock.now)
        settled = clock.now() + SETTLES
        sweeper.sweep(read_clock=lambda: settled)
        scene.spend(100)

        sweeper.sweep(read_clock=lambda: settled + SETTLES)

        assert fired() == [("ABSOLUTE", "100")]

    def test_who_has_no_alert_is_never_looked_at(self, scene: Scene) -> None:
        scene.spend(100)

        assert watching.changed(now=clock.now()) == []
        assert not AlertWatch.objects.exists()

    def test_when_all_have_fired_usage_is_looked_at_no_more(self, scene: Scene) -> None:
        scene.alert("ABSOLUTE", "100.00")
        scene.spend(100)
        sweep()

        scene.spend(100)

        assert watching.changed(now=clock.now()) == []


def test_alerts_go_with_their_tenants_clock(scene: Scene, receiver: Receiver) -> None:
    scene.alert("ABSOLUTE", "100.00", webhookUrl=receiver.url)
    scene.spend(100)
    sweep()

    scene.call("delete", f"/test-clocks/{scene.clock}")

    assert not AlertFiring.objects.exists()
    assert not AlertWatch.objects.exists()


def test_alerts_go_with_a_deleted_customer(scene: Scene) -> None:
    made = scene.alert("ABSOLUTE", "100.00", notifyEmail="ops@acme.example")
    scene.spend(100)
    sweep()
    account = Account.objects.get(pk=account_of(made))

    is_more = erase_alerts(account, now=clock.now())  # type: ignore[arg-type]

    assert not is_more
    assert not Alert.objects.exists()
    assert not AlertFiring.objects.exists()
    assert not AlertWatch.objects.exists()


def test_a_deleted_alert_takes_its_webhook_with_it(scene: Scene, receiver: Receiver) -> None:
    made = scene.alert("ABSOLUTE", "100.00", webhookUrl=receiver.url)

    scene.call("delete", f"/realtime-cost/alerts/{made['id']}", status=204)

    api = Api({"Authorization": f"Bearer {scene.bearer}"})
    assert json_of(api.get(f"/webhooks/{made['webhookId']}"), 404)
    assert scene.alerts() == []
    assert not AlertWatch.objects.exists()
