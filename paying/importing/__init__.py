"""Taking over what an account at Stripe has: safe to repeat, and to go on after a crash."""
