"""What is done once all apps are loaded: this one is the last in INSTALLED_APPS."""

from __future__ import annotations

import gc

from django.apps import AppConfig


class LastConfig(AppConfig):
    """Gives the garbage collector back, which was off while everything was loaded.

    What is loaded stays as long as the process: some 200,000 objects. The collector looks at them
    no more, which would stop every thread for a tenth of a second each time; and a worker's
    children go on sharing their memory with it.
    """

    name = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        gc.freeze()
        gc.enable()
