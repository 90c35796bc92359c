from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PayingConfig(AppConfig):
    name = "paying"
    verbose_name = _("Stripe")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the task registry in every process: services ask for tasks by name."""
        from paying import tasks  # noqa: F401, PLC0415
