"""Stripe's error bodies."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A request that Stripe refuses: its status, and what stands under `error`."""

    def __init__(self, status: int, message: str, **fields: Any) -> None:
        """Take `type` from the fields, else invalid_request_error."""
        self.status = status
        self.error = {"type": "invalid_request_error", "message": message, **fields}
        super().__init__(message)

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {key: value for key, value in self.error.items() if value is not None}}


def missing(noun: str, given: object, param: str = "id") -> Refusal:
    return Refusal(404, f"No such {noun}: '{given}'", code="resource_missing", param=param)


def missing_argument(noun: str, given: object, param: str) -> Refusal:
    """Say that a parameter names something that does not exist: 400, unlike an id in the path."""
    return Refusal(400, f"No such {noun}: '{given}'", code="resource_missing", param=param)


def wrong(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    return Refusal(400, message, param=param, code=code)


def card_error(message: str, code: str, **fields: Any) -> Refusal:
    return Refusal(402, message, type="card_error", code=code, **fields)
