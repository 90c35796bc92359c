"""Products and prices at Stripe, plans and versions here: one of the two leads, the other follows.

STRIPE_CATALOGUE says which. See docs/guide/stripe-catalogue.md.
"""
