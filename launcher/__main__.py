"""`python -m launcher COMMAND …`: what the scripts in bin/ call once Python stands."""

from __future__ import annotations

import importlib
import sys

from launcher.console import complain
from launcher.errors import LaunchError

COMMANDS = ("up", "manage", "test", "bench")


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        complain("usage: python -m launcher up|manage|test|bench …")
        return 2
    name = sys.argv[1]
    try:
        code: int = importlib.import_module(f"launcher.commands.{name}").main(sys.argv[2:])
    except LaunchError as error:
        for line in str(error).splitlines():
            complain(f"bin/{name}: {line}")
        return 1
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
