"""What an app's page says of its constraints is what the database holds."""

from __future__ import annotations

import re

import pytest
from django.apps import apps

from tests.docs.pages import ROOT

MAPPED = (
    "alerts",
    "billing",
    "billing/metering",
    "config",
    "demo",
    "invoicing",
    "launcher",
    "paying",
    "quotas",
    "costs",
    "tenants/metering",
    "webhooks",
)
EVERYWHERE = {"admin", "apps", "errors", "management", "migrations", "models", "queries", "tasks"}
HEADINGS = ("Words", "Times", "Lifecycle", "Invariants")
APPS = (
    "billing",
    "tenants",
    "customers",
    "invoicing",
    "quotas",
    "paying",
    "webhooks",
    "alerts",
    "costs",
)


def constraints_of(app: str) -> set[str]:
    models = apps.get_app_config(app).get_models()
    return {constraint.name for model in models for constraint in model._meta.constraints}


@pytest.mark.parametrize("app", APPS)
def test_an_apps_page_names_every_constraint_of_its_tables(app: str) -> None:
    page = (ROOT / app / "README.md").read_text()
    named = set(re.findall(r"`([a-z_]+)`", page.split("## Invariants")[1]))

    assert constraints_of(app) - named == set()


@pytest.mark.parametrize("app", APPS)
def test_an_apps_page_says_what_it_owns_and_what_not(app: str) -> None:
    page = (ROOT / app / "README.md").read_text()

    wanted = (
        "**Owns**",
        "**Does not own**",
        "## Words",
        "## Times",
        "## Lifecycle",
        "## Invariants",
    )
    assert [part for part in wanted if part not in page] == []


@pytest.mark.parametrize("folder", MAPPED)
def test_a_folders_page_names_every_module_in_it(folder: str) -> None:
    places = [
        *(ROOT / folder).glob("*.py"),
        *(path.parent for path in ROOT.glob(f"{folder}/*/*.py")),
    ]
    modules = {place.stem for place in places if not place.stem.startswith("_")}
    page = next(
        page
        for page in (ROOT / folder / "README.md", ROOT / folder / "../README.md")
        if page.exists()
    )
    named = set(re.findall(r"`(?:metering/)?(\w+)(?:/\w*)*/?`", page.read_text()))

    assert modules - EVERYWHERE - named == set()
