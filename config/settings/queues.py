"""Which worker does which task. What is not named here waits for nobody: the worker does it.

The courier does what waits for other people's servers, and what shall come within seconds however
long the billing run is at work. It has a thread for each, so nothing of it holds up the others.
"""

from __future__ import annotations

from typing import Any, Final

WORKER: Final = "celery"
COURIER: Final = "courier"
WAITING: Final = (
    "webhooks.hand_on",
    "invoicing.send_mail",
    "invoicing.send_due_mails",
    "quotas.send_due_notices",
    "paying.*",
    "customers.*",
)
PROMPT: Final = ("alerts.sweep", "quotas.expire_reservations")
BEHIND: Final = (
    "invoicing.render_pdf",
    "invoicing.render_credit_note",
    "invoicing.render_due",
)
"""What is made ahead stands behind all else, and behind what of it somebody waits for."""

LAST: Final = 9
ROUTES: Final[dict[str, Any]] = {
    **{name: {"queue": COURIER} for name in (*WAITING, *PROMPT)},
    **{name: {"queue": WORKER, "priority": LAST} for name in BEHIND},
}
