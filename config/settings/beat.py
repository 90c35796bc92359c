"""What Celery beat asks for, and how often. Each finds its work by what is due."""

from __future__ import annotations

from typing import Any, Final

from celery.schedules import crontab

SCHEDULE: Final[dict[str, Any]] = {
    "billing-run": {"task": "invoicing.run_due", "schedule": 30.0, "options": {"expires": 60}},
    "render-due-pdfs": {
        "task": "invoicing.render_due",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
    "settle-late-usage": {
        "task": "invoicing.settle_late",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "verify-invariants": {
        "task": "invoicing.verify",
        "schedule": crontab(hour=3, minute=17),
        "options": {"expires": 3600},
    },
    "delete-old-usage": {
        "task": "billing.delete_old_usage",
        "schedule": crontab(hour=2, minute=41),
        "options": {"expires": 3600},
    },
    "send-due-mails": {
        "task": "invoicing.send_due_mails",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
    "send-quota-notices": {
        "task": "quotas.send_due_notices",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
    "sweep-user-events": {
        "task": "quotas.sweep_events",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "expire-reservations": {
        "task": "quotas.expire_reservations",
        "schedule": 60.0,
        "options": {"expires": 120},
    },
    "look-at-alerts": {
        "task": "alerts.sweep",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "hand-events-on": {
        "task": "webhooks.hand_on",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "sweep-webhooks": {
        "task": "webhooks.sweep",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "worker-heartbeat": {
        "task": "billing.heartbeat",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "carry-deletions-on": {
        "task": "customers.sweep_deletions",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
    "undo-stale-creations": {
        "task": "customers.sweep_creations",
        "schedule": 60.0,
        "options": {"expires": 120},
    },
    "read-stripe-inbox": {
        "task": "paying.sweep_inbox",
        "schedule": 15.0,
        "options": {"expires": 30},
    },
    "collect-through-stripe": {
        "task": "paying.collect_due",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
    "compare-with-stripe": {
        "task": "paying.reconcile",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "push-catalogue": {
        "task": "paying.push_catalogue",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "sweep-idempotency-keys": {
        "task": "billing.sweep_idempotency",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}
