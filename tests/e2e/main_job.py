"""Run the main job on a fresh clone, as a newcomer would, and say what was seen.

Cold start, real traces in by batches (with the web process killed in the middle), a replay that
changes nothing, preview = draft = finalized invoice = text of its PDF = an independent bill. Then
paying: a warm start, and one with the stand-in for Stripe.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.e2e import paying, seeds
from tests.e2e.bill import Request, bill, moved, traces
from tests.e2e.system import System

ROOT = Path(__file__).resolve().parents[2]
COLD_LIMIT_SECONDS = 180
WARM_LIMIT_SECONDS = 10
BATCH = 3000


def say(text: str) -> None:
    print(f"main job: {text}", flush=True)


def require(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        sys.exit(f"main job: {what}: {seen!r} is not {wanted!r}")
    say(f"{what}: {seen}")


def events(requests: list[Request]) -> list[dict[str, Any]]:
    made = []
    for number, one in enumerate(requests):
        at = one.at.replace(tzinfo=UTC).isoformat()
        for metric, quantity in (
            ("INPUT_TOKENS", one.tokens_in),
            ("OUTPUT_TOKENS", one.tokens_out),
            ("ML_INFERENCE_REQUESTS", 1),
        ):
            made.append(
                {
                    "eventId": f"{number}/{metric}",
                    "metricType": metric,
                    "quantity": quantity,
                    "timestamp": at,
                }
            )
    return made


def catalogue(system: System) -> str:
    for metric in ("INPUT_TOKENS", "OUTPUT_TOKENS"):
        system.call(
            "POST",
            "/api/v1/billing/meters",
            {"metricType": metric, "name": metric.title(), "unit": "tokens", "aggregation": "SUM"},
        )
    plan = {
        "code": "llm",
        "name": "LLM platform",
        "currency": "USD",
        "interval": "MONTH",
        "price": "49.00",
        "charges": [
            {
                "metricType": "INPUT_TOKENS",
                "model": "GRADUATED",
                "tiers": [
                    {"upTo": "5000000", "unitPrice": "0.0000030"},
                    {"upTo": None, "unitPrice": "0.0000025"},
                ],
            },
            {
                "metricType": "OUTPUT_TOKENS",
                "model": "PACKAGE",
                "packageSize": "100000",
                "packagePrice": "1.50",
            },
            {"metricType": "ML_INFERENCE_REQUESTS", "model": "PER_UNIT", "unitPrice": "0.0004"},
        ],
    }
    made = system.call("POST", "/api/v1/billing/plans", plan)
    return str(made["id"])


def send(system: System, tenant: str, sent: list[dict[str, Any]], *, kill: bool) -> tuple[int, int]:
    """Send in batches, some of them at once; kill the web processes in the middle where asked."""
    path = f"/api/v1/billing/tenants/{tenant}/usage/batch"
    batches = [sent[first : first + BATCH] for first in range(0, len(sent), BATCH)]
    totals = {"accepted": 0, "duplicates": 0}
    lock = threading.Lock()
    queue = list(enumerate(batches))

    def work() -> None:
        while True:
            with lock:
                if not queue:
                    return
                number, batch = queue.pop(0)
            if kill and number == len(batches) // 2:
                kill_web(system)
            answer = system.insist("POST", path, batch)
            with lock:
                totals["accepted"] += answer["accepted"]
                totals["duplicates"] += answer["duplicates"]

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return totals["accepted"], totals["duplicates"]


def kill_web(system: System) -> None:
    """SIGKILL every granian process of this system, and of no other."""
    marker = f"--port {system.port}"
    listing = subprocess.run(
        ["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    victims = [
        int(line.split()[0])
        for line in listing.splitlines()
        if marker in line and "granian" in line and "up" not in line.split()[1:2]
    ]
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    say(f"killed the web with SIGKILL in the middle of a batch ({len(victims)} processes)")


def money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def lines_of(answer: Any) -> dict[str, str]:
    return {line["metricType"] or line["type"]: line["amount"] for line in answer["lines"]}


def tenant_job(system: System, plan: str, kind: str, *, kill: bool) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    trace = ROOT / "demo" / "data" / f"azure_llm_inference_2023_{kind}.csv.gz"
    requests = moved(traces(trace), last=now - timedelta(minutes=1))
    sent = events(requests)
    expected = bill(requests)
    tenant = system.call("POST", "/api/v1/billing/tenants", {"name": f"Traces {kind}"})["id"]
    start = (now - timedelta(hours=2)).replace(tzinfo=UTC).isoformat()
    base = f"/api/v1/billing/tenants/{tenant}"
    system.call("POST", f"{base}/subscriptions", {"planId": plan, "startAt": start})
    started = time.monotonic()
    accepted, duplicates = send(system, tenant, sent, kill=kill)
    seconds = time.monotonic() - started
    require(f"{kind}: each event once", accepted + duplicates, len(sent))
    say(f"{kind}: {len(sent)} events in {seconds:.1f} s")
    preview = system.call("GET", f"{base}/billing/preview")
    wanted = {name: money(minor) for name, minor in expected.items()}
    require(f"{kind}: preview = independent bill", lines_of(preview), wanted)
    require(
        f"{kind}: replayed, all duplicates", send(system, tenant, sent, kill=False), (0, len(sent))
    )
    again = system.call("GET", f"{base}/billing/preview")
    require(f"{kind}: replaying changed nothing", again["lines"] == preview["lines"], True)
    total = money(sum(expected.values()))
    draft = system.call("POST", f"{base}/invoices", {})
    require(f"{kind}: draft", (draft["status"], draft["total"]), ("DRAFT", total))
    final = system.call("POST", f"/api/v1/billing/invoices/{draft['id']}/finalize", {})
    require(f"{kind}: finalized", (final["status"], final["total"]), ("PENDING", total))
    require(f"{kind}: its lines", lines_of(final), wanted)
    pdf_job(system, final, kind, wanted, total)


def pdf_job(system: System, final: Any, kind: str, wanted: dict[str, str], total: str) -> None:
    path = f"/api/v1/billing/invoices/{final['id']}/pdf"
    first = system.call("GET", path, raw=True)
    require(
        f"{kind}: the PDF's bytes are the same twice",
        system.call("GET", path, raw=True) == first,
        True,
    )
    file = system.data / f"{kind}.pdf"
    file.write_bytes(first)
    script = (
        "import sys, pypdf\n"
        "pages = pypdf.PdfReader(sys.argv[1]).pages\n"
        "print(' '.join(' '.join(p.extract_text() for p in pages).split()))"
    )
    text = system.command(str(system.clone / ".venv" / "bin" / "python"), "-c", script, str(file))
    for amount in [*wanted.values(), total, final["invoiceNumber"]]:
        shown = f"{float(amount):,.2f}" if amount[0].isdigit() else amount
        if shown not in text:
            sys.exit(f"main job: {shown} is not in the text of the PDF:\n{text}")
    say(f"{kind}: the PDF's text has number and amounts ({final['invoiceNumber']}, {total})")


def start_again(system: System) -> None:
    """Start warm; then with the stand-in for Stripe, for the story of paying."""
    system.command("bin/up", "--stop")
    warm = system.up()
    in_time = warm < WARM_LIMIT_SECONDS
    require(f"warm start took {warm:.1f} s, within {WARM_LIMIT_SECONDS}", in_time, True)
    system.command("bin/up", "--stop")
    say(f"up with the stand-in for Stripe in {system.up('--stripe-sandbox'):.0f} s")
    paying.run(system)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--here", action="store_true", help="use this checkout, not a fresh clone")
    parser.add_argument("--keep", action="store_true", help="leave the folder behind")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="billing-main-job-"))
    clone = ROOT if options.here else home / "clone"
    if not options.here:
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    system = System(clone, home / "data")
    try:
        cold = system.up()
        require(
            f"cold start took {cold:.0f} s, within {COLD_LIMIT_SECONDS}",
            cold < COLD_LIMIT_SECONDS,
            True,
        )
        seeds.run(system)
        token = system.command(
            "bin/manage", "token", "--user", str(uuid4()), "--role", "billing_admin"
        )
        system.token = token.strip().splitlines()[-1]
        plan = catalogue(system)
        tenant_job(system, plan, "code", kill=True)
        tenant_job(system, plan, "conv", kill=False)
        start_again(system)
        say("done: all of it as promised")
    finally:
        system.command("bin/up", "--stop", check=False)
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
