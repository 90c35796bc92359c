"""What staff see of webhooks."""

from webhooks.admin import deliveries, endpoints

__all__ = ["deliveries", "endpoints"]
