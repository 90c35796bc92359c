"""Invariants as code: what must be true of every stored row, looked at again from the outside.

Slow on purpose, read-only, and written apart from what it checks. `verify` runs every check on the
accounts that are named, or on all.
"""

from invoicing.verification.checks import CHECKS, names, verify
from invoicing.verification.problems import Problem

__all__ = ["CHECKS", "Problem", "names", "verify"]
