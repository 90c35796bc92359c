"""Structured logs: one JSON object a line on standard error, with request id, no secrets."""

from __future__ import annotations

import logging
import logging.config
from typing import Any, Final

import structlog
import structlog.tracebacks
from structlog.types import EventDict

from billing.kernel import context

# Where and what, without the local variables of the frames: among them are tokens and passwords.
TRACEBACKS: Final = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
SECRET_WORDS: Final = (
    "authorization",
    "password",
    "secret",
    "token",
    "cookie",
)


def add_request_id(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Say which request this is about, if it is about one."""
    request_id = context.request_id.get()
    if request_id:
        event.setdefault("request_id", request_id)
    return event


def drop_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Blank every value whose key speaks of a secret, however deep it lies in the event."""
    return {key: _hidden(key, value) for key, value in event.items()}


def _hidden(key: object, value: Any) -> Any:
    if any(word in str(key).lower() for word in SECRET_WORDS):
        return "[hidden]"
    if isinstance(value, dict):
        return {inner: _hidden(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden("", item) for item in value]
    return value


def configure(*, level: str) -> None:
    shared: list[Any] = [
        add_request_id,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        drop_secrets,
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        TRACEBACKS,
                        structlog.processors.JSONRenderer(),
                    ],
                    "foreign_pre_chain": shared,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                # two lines a request, also between the lines of what a command says
                name: {"level": "WARNING"}
                for name in ("django.server", "fontTools", "stripe")
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
