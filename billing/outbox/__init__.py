"""Events: what happened to an account, written with it, for whoever wants to be told."""

from billing.outbox.publishing import publish, publish_all

__all__ = ["publish", "publish_all"]
