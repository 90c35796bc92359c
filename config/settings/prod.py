"""How the system runs: by `bin/up`, in a container, anywhere that is not a test."""

from config.logs import configure
from config.settings.base import *  # noqa: F403
from config.settings.base import ENV

LOGGING_CONFIG = None
configure(level=ENV["LOG_LEVEL"])

# TLS may end in front of us (BILLING_SECURE=1) or, on loopback, be absent; the deploy check
# is run with BILLING_SECURE=1.
