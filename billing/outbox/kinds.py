"""The kinds of events. Each is a fact about an account, named `subject.what_happened`."""

from __future__ import annotations

from django.db import models


class EventKind(models.TextChoices):
    SUBSCRIPTION_CREATED = "subscription.created"
    SUBSCRIPTION_STARTED = "subscription.started"
    SUBSCRIPTION_TRIAL_ENDED = "subscription.trial_ended"
    SUBSCRIPTION_RENEWED = "subscription.renewed"
    SUBSCRIPTION_PLAN_CHANGED = "subscription.plan_changed"
    SUBSCRIPTION_DISCOUNTED = "subscription.discounted"
    SUBSCRIPTION_PAUSED = "subscription.paused"
    SUBSCRIPTION_RESUMED = "subscription.resumed"
    SUBSCRIPTION_CANCELLED = "subscription.cancelled"
    SUBSCRIPTION_REACTIVATED = "subscription.reactivated"
    SUBSCRIPTION_ENDED = "subscription.ended"
    SUBSCRIPTION_STANDING_CHANGED = "subscription.standing_changed"
    INVOICE_FINALIZED = "invoice.finalized"
    INVOICE_PAYMENT_RECORDED = "invoice.payment_recorded"
    INVOICE_PAID = "invoice.paid"
    INVOICE_OVERDUE = "invoice.overdue"
    INVOICE_VOIDED = "invoice.voided"
    INVOICE_MARKED_UNCOLLECTIBLE = "invoice.marked_uncollectible"
    CREDIT_NOTE_ISSUED = "credit_note.issued"
    PAYMENT_SUCCEEDED = "payment.succeeded"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_REFUNDED = "payment.refunded"
    PAYMENT_DISPUTED = "payment.disputed"
    CHECKOUT_COMPLETED = "checkout.completed"
    QUOTA_WARNING = "quota.warning"
    QUOTA_EXCEEDED = "quota.exceeded"
    COST_CENTER_BUDGET_WARNING = "cost_center.budget_warning"
    COST_CENTER_BUDGET_EXCEEDED = "cost_center.budget_exceeded"
    ALERT_TRIGGERED = "alert.triggered"
