"""Settings under which dj-stripe's tables are made by its own migrations."""

from config.settings.test import *  # noqa: F403

MIGRATION_MODULES = {}
