"""A Stripe to try with: python -m tests.stripe_sandbox --help."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from tests.stripe_sandbox.server import Sandbox


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="stripe-sandbox", description="A Stripe to try with, on this machine."
    )
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--key", default="", help="the secret key; made where not given")
    parser.add_argument("--webhook-url", default="", help="where events are told")
    parser.add_argument("--state", type=Path, help="a file that keeps what it holds")
    parser.add_argument(
        "--from-environment",
        action="store_true",
        help="take key and secrets from STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET",
    )
    parser.add_argument("--webhook-secret", action="append", default=[], help="may be repeated")
    given = parser.parse_args()
    if given.from_environment:
        given.key = os.environ["STRIPE_SECRET_KEY"]
        given.webhook_secret = os.environ["STRIPE_WEBHOOK_SECRET"].split(",")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with Sandbox(
        key=given.key,
        port=given.port,
        webhook_url=given.webhook_url,
        webhook_secrets=tuple(given.webhook_secret),
        state=given.state,
    ) as sandbox:
        shown = {} if given.from_environment else sandbox.settings()
        for name, value in shown.items():
            sys.stdout.write(f"{name}={value}\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
