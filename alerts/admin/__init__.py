"""What staff see of alerts: a list, a page each, and a panel on a tenant's page."""

from alerts.admin import alerts, panels

__all__ = ["alerts", "panels"]
