from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the task registry in every process: services ask for tasks by name."""
        from customers import tasks  # noqa: F401, PLC0415
