"""The container files keep what the guide promises: no root, health checks, pinned images."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from config.environment import SETTINGS
from tests.docs.pages import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "courier", "beat")
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
LINES = DOCKERFILE.splitlines()


def last(instruction: str) -> str:
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{instruction} ")][-1]


def test_the_image_runs_as_nobody_special() -> None:
    uid, _, gid = last("USER").partition(":")

    assert int(uid) >= 10_000
    assert int(gid) >= 10_000
    assert LINES.index(f"USER {last('USER')}") > max(
        number for number, line in enumerate(LINES) if line.startswith("RUN ")
    )


def test_packages_are_installed_by_their_hashes() -> None:
    installs = re.findall(r"pip install[^&]*", DOCKERFILE)

    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "requirements.lock" in installs[0]


def test_the_image_asks_itself_whether_it_is_well() -> None:
    assert "http://127.0.0.1:8087/healthz" in last("HEALTHCHECK")


def test_the_image_gets_every_app_and_nothing_that_is_secret() -> None:
    allowed = set((ROOT / ".dockerignore").read_text().split())
    copied = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE))
    apps = {page.parent.name for page in ROOT.glob("*/apps.py")}

    assert apps | {"config", "locale", "templates"} <= copied
    assert copied <= {name.removeprefix("!") for name in allowed if name.startswith("!")}
    assert "*" in allowed
    assert not any(name.startswith("!.env") for name in allowed)


@pytest.mark.parametrize(
    "image",
    [
        *re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE),
        *(service["image"] for service in SERVICES.values()),
    ],
)
def test_every_image_is_pinned_to_a_version(image: str) -> None:
    tag = image.partition(":")[2]

    assert re.match(r"\d+(\.\d+)*", tag), image


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_locked_down(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("user", "10001:10001") not in {"root", "0", "0:0"}
    assert not service.get("privileged", False)


def test_servers_name_their_user_and_ours_keeps_the_images() -> None:
    users = {name: service.get("user") for name, service in SERVICES.items()}

    assert users == {"postgres": "postgres", "valkey": "valkey"} | dict.fromkeys(OURS)


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_every_service_that_stays_has_a_health_check(name: str) -> None:
    from_image = name == "web"

    assert from_image or SERVICES[name]["healthcheck"]["test"]


def test_nothing_starts_before_the_tables_are_there() -> None:
    waits = {name: SERVICES[name]["depends_on"] for name in OURS}

    assert waits["migrate"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("web", "worker", "courier", "beat"):
        assert waits[name]["migrate"] == {"condition": "service_completed_successfully"}
        assert waits[name]["valkey"] == {"condition": "service_healthy"}


def test_only_the_web_is_reached_from_outside_and_only_by_loopback() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert ports == {"web": ["127.0.0.1:${PORT:-8087}:8087"]}


def test_every_secret_is_asked_for_and_none_is_written_down() -> None:
    text = (ROOT / "compose.yaml").read_text()
    example = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )
    required = set(re.findall(r"\$\{(\w+):\?", text))

    empty = {name for name, value in example.items() if is_secret(name) and not value}
    assert empty >= OPTIONAL
    assert required == empty - OPTIONAL
    assert set(re.findall(r"\$\{(\w+)", text)) == set(example)


OPTIONAL = {"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "EMAIL_PASSWORD"}
"""Secrets of what need not be used: empty, it is not."""


def is_secret(name: str) -> bool:
    return name.endswith(("PASSWORD", "_KEY", "_SECRET"))


def test_our_services_get_settings_that_exist() -> None:
    given = set(SERVICES["web"]["environment"])
    known = {setting.name for setting in SETTINGS}
    required = {setting.name for setting in SETTINGS if setting.default is None}

    assert given <= known
    assert required <= given


ELSEWHERE = {"MIGRATE_DATABASE_URL", "BILLING_DATA_DIR"}
"""The owner's URL is the migration's DATABASE_URL; where static files are the image says."""


def test_every_setting_reaches_the_containers_with_its_default() -> None:
    """What stands in .env must not be lost on the way, least of all the mail server."""
    given = SERVICES["web"]["environment"]
    optional = {one.name: one.default for one in SETTINGS if one.default is not None}

    assert optional.keys() - given.keys() == ELSEWHERE
    theirs = optional.keys() - ELSEWHERE - {"ALLOWED_HOSTS", "BILLING_PORT"}
    assert {name: given[name] for name in theirs} == {
        name: f"${{{name}:-{optional[name]}}}" for name in theirs
    }
