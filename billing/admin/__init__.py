"""The back office of the engine. Upper apps build theirs with the same columns and pages."""

from django.apps import apps

from billing.admin import account_panels, accounts, meters, people, plans, subscriptions

if apps.is_installed("djstripe"):
    import billing.stripe.mirror.admin  # noqa: F401

__all__ = ["account_panels", "accounts", "meters", "people", "plans", "subscriptions"]
