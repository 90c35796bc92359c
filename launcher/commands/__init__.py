"""The four commands: up, manage, test, bench."""
