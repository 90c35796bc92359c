"""Every table belongs to an account, or is on this list with its reason; tasks have plain names."""

from __future__ import annotations

import re

from celery import current_app
from django.apps import apps

from tests.architecture.ours import APPS

SHARED = {
    "billing.Account": "is the account",
    "billing.TestClock": "has accounts",
    "billing.Meter": "is offered to all",
    "billing.Plan": "is offered to all",
    "billing.PlanVersion": "is offered to all",
    "billing.Charge": "is offered to all",
    "billing.PlanLimit": "is offered to all",
    "billing.UsageBucketValue": "is its bucket's",
    "billing.UsageCounterValue": "is its counter's",
    "billing.QuotaWindowValue": "is its window's",
    "billing.IdempotentAnswer": "is the caller's",
    "quotas.TierRevision": "is a plan's",
    "coupons.Coupon": "is offered to all",
    "customers.Membership": "is the customer's, whose id is an account's",
    "invoicing.TaxRate": "is a country's",
    "invoicing.DunningStep": "is the schedule of all",
    "paying.Reconciliation": "is about all accounts",
}


def test_every_table_belongs_to_an_account() -> None:
    homeless = {
        model._meta.label
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if not {"account", "account_id"} & {field.name for field in model._meta.get_fields()}
    }

    assert homeless == set(SHARED)


def test_every_task_has_the_name_of_its_app_and_lives_in_its_tasks() -> None:
    ours = {
        name: task for name, task in current_app.tasks.items() if not name.startswith("celery.")
    }

    assert ours
    for name, task in ours.items():
        assert re.fullmatch(rf"({'|'.join(APPS)})\.[a-z_]+", name)
        app = name.partition(".")[0]
        assert task.__module__ == f"{app}.tasks"


def test_what_is_scheduled_is_a_task() -> None:
    schedule = current_app.conf.beat_schedule

    assert schedule
    assert {entry["task"] for entry in schedule.values()} <= set(current_app.tasks)
