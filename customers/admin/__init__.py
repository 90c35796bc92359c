"""The back office of customers: their standing, their teams, their deletion."""

from customers.admin import customers, deletions, panels

__all__ = ["customers", "deletions", "panels"]
