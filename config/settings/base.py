"""Settings that every environment shares. What an operator may change comes from `environment`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from config import environment
from config.back_office.navigation import UNFOLD as BACK_OFFICE
from config.back_office.navigation import with_mirror
from config.settings.beat import SCHEDULE
from config.settings.openapi import SPECTACULAR
from config.settings.queues import ROUTES

ENV = environment.read(os.environ)
ROOT = Path(__file__).resolve().parents[2]


def database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "ENGINE": "config.postgres",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, "application_name": "billing"},
    }


DEBUG = False
SECRET_KEY = ENV["SECRET_KEY"]
ALLOWED_HOSTS = list(ENV["ALLOWED_HOSTS"])
CSRF_TRUSTED_ORIGINS = list(ENV["CSRF_TRUSTED_ORIGINS"])
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "billing",
    "tenants",
    "coupons",
    "customers",
    "invoicing",
    "quotas",
    "webhooks",
    "alerts",
    "costs",
    "paying",
    "demo",
    "config",
]

MIDDLEWARE = [
    "billing.http.request_ids.RequestIdMiddleware",
    "billing.http.errors.ErrorShapeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "billing.http.bodies.BodyLimitMiddleware",
    "billing.http.hot_path.HotPathMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "billing.admin.middleware.StaffActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": database(ENV["DATABASE_URL"])}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = Path(ENV["BILLING_DATA_DIR"]).resolve() / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    # Not whitenoise's compressing one: it takes 50 s of the first start; a proxy compresses.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
# Compressing is most of a first start's time: only what browsers fetch is worth it.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (
    *("jpg", "jpeg", "png", "gif", "webp", "ico", "woff", "woff2", "gz", "br"),
    *("map", "md", "txt", "LICENSE"),
)

# Bodies are read and bounded by our own parser (billing.http.bodies); forms by this.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["billing.http.auth.CallerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["billing.http.permissions.Nobody"],
    "DEFAULT_PARSER_CLASSES": ["billing.http.bodies.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "billing.http.negotiation.JsonOnly",
    "DEFAULT_SCHEMA_CLASS": "billing.http.openapi.schema.PlatformSchema",
    "EXCEPTION_HANDLER": "billing.http.errors.render_exception",
    "UNAUTHENTICATED_USER": None,
    "UNICODE_JSON": True,
}

UNFOLD = BACK_OFFICE
LOGIN_REDIRECT_URL = "admin:index"

SPECTACULAR_SETTINGS = SPECTACULAR
API_EXAMPLES = ROOT / "docs" / "examples"

CELERY_BROKER_URL = ENV["REDIS_URL"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "max_retries": 1,
}
CELERY_TASK_TIME_LIMIT = 900
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_TASK_ROUTES = ROUTES

# The tables that mirror Stripe's objects: 57 models, so only where they are wanted. The package's
# migrations take a minute of CPU: ours make its schema in one step, under names that it knows.
MIRROR_APP = "billing.stripe.mirror.apps.MirrorConfig"
if ENV["STRIPE_MIRROR"] == "ON" or (ENV["STRIPE_MIRROR"] == "AUTO" and ENV["STRIPE_SECRET_KEY"]):
    INSTALLED_APPS.insert(
        INSTALLED_APPS.index("billing"), "billing.stripe.mirror.apps.MirrorConfig"
    )
    UNFOLD = with_mirror(BACK_OFFICE)
MIGRATION_MODULES = {"djstripe": "billing.stripe.mirror.migrations"}
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"

# The engine is told by name who knows memberships: it may not import an app above it.
BILLING_MEMBERSHIPS = "customers.queries.membership_of"
# Who else forgets a person: customers may not import the apps above it, so they stand here. Each
# is called as (account, *, now), does a bounded part and returns whether some is left.
BILLING_ERASERS = [
    "invoicing.erasing.erase_drafts",
    "invoicing.erasing.erase_mails",
    "quotas.services.erase_counts",
    "paying.erasing.erase_profile",
    "alerts.erasing.erase_alerts",
    "costs.erasing.erase_rule_names",
    "webhooks.keeping.erase_webhooks",
    "billing.metering.quotas.erasing.erase_quotas",
]
# What else must be true of every account, of the apps above invoicing. Each is called as (account)
# and yields problems.
BILLING_CHECKS = [
    "paying.verification.payments_have_receipts",
    "paying.verification.receipts_are_placed",
    "paying.verification.money_is_received_once",
    "paying.verification.what_is_paid_was_received",
    "paying.verification.nothing_is_paid_above_its_total",
]
# Who above takes note of events when they are handed on: by the subject of their kinds. Each is
# called as (account_ids, *, now), in the transaction that hands them on.
BILLING_EVENT_LISTENERS = {"alerts.watching.look_soon": "subscription"}
# Likewise who takes note that a budget, or what counts against one, has changed: (account_id).
BILLING_BUDGET_LISTENERS = ["alerts.watching.watch"]
# And who redeems a coupon in the transaction that makes a subscription.
BILLING_COUPONS = "coupons.services.redeem_with_subscription"
# Likewise what is due for an account: invoices and dunning are above the engine.
BILLING_DUE_WORK = "invoicing.due.is_due"

# And which requests go past the framework: what services send with each of their own requests.
BILLING_HOT_PATHS = [
    (
        "POST",
        r"/api/v1/billing/tenants/(?P<tenant_id>[^/]+)/usage",
        "tenants.api.platform.recording.UsageView",
    ),
    (
        "POST",
        r"/api/v1/billing/tenants/(?P<tenant_id>[^/]+)/usage/batch",
        "tenants.api.platform.recording.UsageBatchView",
    ),
    ("POST", r"/api/billing/v1/limits/consume", "quotas.api.portal.consume.ConsumeView"),
    ("GET", r"/api/billing/v1/limits", "quotas.api.portal.limits.LimitsView"),
]

BILLING = ENV

EMAIL_BACKEND = "django.core.mail.backends." + (
    "smtp.EmailBackend" if ENV["EMAIL_HOST"] else "console.EmailBackend"
)
EMAIL_HOST, EMAIL_PORT = ENV["EMAIL_HOST"], ENV["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = ENV["EMAIL_USER"], ENV["EMAIL_PASSWORD"]
EMAIL_USE_TLS = ENV["EMAIL_SECURITY"] == "STARTTLS"
EMAIL_USE_SSL = ENV["EMAIL_SECURITY"] == "TLS"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = ENV["EMAIL_FROM"]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = ENV["BILLING_SECURE"]
CSRF_COOKIE_SECURE = ENV["BILLING_SECURE"]
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31_536_000 if ENV["BILLING_SECURE"] else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENV["BILLING_SECURE"]
SECURE_HSTS_PRELOAD = ENV["BILLING_SECURE"]
if ENV["BILLING_SECURE"]:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
