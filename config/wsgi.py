"""The web process: granian serves this."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

django = get_wsgi_application()

from billing.http import silence  # noqa: E402 — the apps are ready now
from billing.http.hot_path import HotPathApplication  # noqa: E402

application = HotPathApplication(django)
silence.watch()
