"""The back office of paying through Stripe."""

from paying.admin import events, money, panels, profiles

__all__ = ["events", "money", "panels", "profiles"]
