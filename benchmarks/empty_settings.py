"""The settings of production, with one more route."""

from config.settings.prod import *  # noqa: F403

ROOT_URLCONF = "benchmarks.empty_endpoint"
