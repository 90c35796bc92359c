"""A stateful stand-in for Stripe on loopback, held to Stripe's own OpenAPI document."""
