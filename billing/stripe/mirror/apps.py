"""dj-stripe's tables, without what else it does: no signals, no checks, no pages, no requests."""

from __future__ import annotations

import sys
from types import ModuleType

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MirrorConfig(AppConfig):
    """Stands for the package's own, whose start registers handlers of webhooks that we take."""

    name = "djstripe"
    verbose_name = _("Mirror of Stripe")
    default_auto_field = "django.db.models.AutoField"

    def import_models(self) -> None:
        """Load its models; where the back office looks for its pages, it finds none of them."""
        super().import_models()
        sys.modules.setdefault("djstripe.admin", ModuleType("djstripe.admin"))
