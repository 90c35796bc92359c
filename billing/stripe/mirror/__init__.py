"""A copy of what Stripe has, in dj-stripe's tables: to read, in the back office and by SQL.

Nothing of ours refers to it, and nothing is decided by it.
"""
