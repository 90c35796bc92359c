"""Who buys in the demo. The names are made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from demo.plans import ENTERPRISE, FREE, PRO


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DemoCustomer:
    """A customer, its team's size and what it uses: `load` requests in an hour of rest."""

    name: str
    email: str
    plan: str
    team: int
    trace: str
    service: str
    load: int
    days: int
    timezone: str
    address: dict[str, str]


CUSTOMERS: Final = (
    DemoCustomer(
        name="Northwind Robotics",
        email="accounts@northwind.example",
        plan=ENTERPRISE.code,
        team=6,
        trace="code",
        service="code-assistant",
        load=5,
        days=92,
        timezone="America/New_York",
        address={
            "line1": "400 Harbor Avenue",
            "city": "Boston",
            "state": "MA",
            "postalCode": "02210",
            "country": "US",
        },
    ),
    DemoCustomer(
        name="Lindqvist Analytics",
        email="faktura@lindqvist.example",
        plan=PRO.code,
        team=4,
        trace="conv",
        service="report-writer",
        load=3,
        days=92,
        timezone="Europe/Stockholm",
        address={
            "line1": "Storgatan 12",
            "city": "Stockholm",
            "postalCode": "111 51",
            "country": "SE",
        },
    ),
    DemoCustomer(
        name="Harbour & Pine Studio",
        email="hello@harbourpine.example",
        plan=PRO.code,
        team=3,
        trace="conv",
        service="chat",
        load=2,
        days=71,
        timezone="Europe/London",
        address={
            "line1": "3 Quay Street",
            "city": "Bristol",
            "postalCode": "BS1 4DJ",
            "country": "GB",
        },
    ),
    DemoCustomer(
        name="Tiny Kite",
        email="mika@tinykite.example",
        plan=FREE.code,
        team=1,
        trace="conv",
        service="chat",
        load=1,
        days=45,
        timezone="Asia/Tokyo",
        address={
            "line1": "2-11 Kamiyama",
            "city": "Tokyo",
            "postalCode": "150-0047",
            "country": "JP",
        },
    ),
)
