"""Events: what happened to an account, written with it, for whoever wants to be told."""

from billing.outbox.publishing import publish

__all__ = ["publish"]
