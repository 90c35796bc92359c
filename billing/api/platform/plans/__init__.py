"""`/plans`: what is offered, in versions."""

from billing.api.platform.plans.views import ArchivePlanView, PlansView, PlanView

__all__ = ["ArchivePlanView", "PlanView", "PlansView"]
