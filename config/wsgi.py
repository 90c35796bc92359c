"""The web process: granian serves this."""

import gc
import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

django = get_wsgi_application()

from django.conf import settings  # noqa: E402
from django.urls import get_resolver  # noqa: E402 — the apps are ready now

from billing.http import silence  # noqa: E402
from billing.http.hot_path import HotPathApplication  # noqa: E402
from billing.http.lingering import Lingering  # noqa: E402
from billing.kernel import cores  # noqa: E402
from costs.api.platform.stream import HUB  # noqa: E402
from costs.watching import end_with_the_process  # noqa: E402

if settings.BILLING["BILLING_PIN_WORKERS"]:
    cores.stay_on_one(Path(settings.BILLING["BILLING_DATA_DIR"]) / "cores")
end_with_the_process(HUB)
application = Lingering(HotPathApplication(django))
silence.watch()
len(get_resolver().url_patterns)  # now, so that no request waits for it
gc.freeze()  # see `config.apps`
