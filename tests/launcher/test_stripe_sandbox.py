"""What `bin/up --stripe-sandbox` plans, without starting anything."""

import pytest

from launcher import databases, runstate, secret_store
from launcher.errors import LaunchError
from launcher.stack import Options, Stack
from launcher.stripe_sandbox import StripeSandbox, of_running


def test_the_system_is_pointed_to_the_sandbox_and_told_by_it(folder, clean):
    stack = Stack(folder, Options(port=8087, stripe_sandbox=True, environ=clean))

    program = stack.stripe.program(stack.url)

    assert program.environment["STRIPE_API_HOST"] == stack.stripe.url
    assert "http://127.0.0.1:8087/api/v1/billing/stripe/webhook" in program.command
    assert stack.stripe.settings.items() <= program.environment.items()


def test_the_system_knows_the_port_that_its_mails_lead_back_to(folder, clean):
    given = {"DATABASE_URL": "postgresql://a/b", "REDIS_URL": "redis://c"}
    stack = Stack(folder, Options(port=8291, environ={**clean, **given}))
    stack.secrets = secret_store.load_or_make(folder)
    stack.databases = databases.plan(
        folder, stack.secrets, stack.options.environ, workers=1, durable=False
    )

    assert stack.environment()["BILLING_PORT"] == "8291"


def test_its_secrets_stand_in_no_command_line(folder, clean):
    sandbox = StripeSandbox.planned(folder, clean)

    command = " ".join(sandbox.program("http://127.0.0.1:8087").command)

    assert sandbox.key not in command
    assert sandbox.signing_secret not in command


def test_a_key_that_is_set_contradicts_it(folder, clean):
    with pytest.raises(LaunchError, match="STRIPE_SECRET_KEY is set"):
        StripeSandbox.planned(folder, {**clean, "STRIPE_SECRET_KEY": "sk_test_1"})


def test_a_command_beside_finds_its_settings_only_while_it_runs(folder):
    state = runstate.RunState(folder)
    state.facts["stripe"] = {"STRIPE_SECRET_KEY": "sk_test_1"}
    state.write()
    lock = runstate.Lock(folder)

    before = of_running(folder)
    lock.take()
    meanwhile = of_running(folder)
    lock.release()

    assert (before, meanwhile) == ({}, {"STRIPE_SECRET_KEY": "sk_test_1"})
