"""Puts the apps together: settings, routes, processes. Nothing imports it."""

import gc

gc.disable()  # a fifth of a start would be its looking at what stays: `config.apps` ends this

from config.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
