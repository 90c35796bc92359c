"""Settings of the tests: the same as production, but for what makes tests slow or noisy."""

import os

os.environ.setdefault("DATABASE_URL", "postgresql://localhost/billing")
os.environ.setdefault("REDIS_URL", "redis://localhost:6379/0")
os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-that-is-long-enough-0123456789")
os.environ.setdefault("JWT_SECRET", "tests-only-jwt-secret-that-is-long-enough-0123456789")
os.environ.setdefault("BILLING_TEST_CLOCKS", "1")

from config.settings.base import *  # noqa: F403
from config.settings.base import ENV

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MIDDLEWARE = [
    name
    for name in MIDDLEWARE  # noqa: F405
    if "whitenoise" not in name
]
CELERY_TASK_ALWAYS_EAGER = False
ALLOWED_HOSTS = [*ENV["ALLOWED_HOSTS"], "testserver"]
