"""The back office of the engine. Upper apps build theirs with the same columns and pages."""

from billing.admin import account_panels, accounts, meters, people, plans, subscriptions

__all__ = ["account_panels", "accounts", "meters", "people", "plans", "subscriptions"]
