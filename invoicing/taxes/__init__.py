"""Which taxes an invoice bears: rates, reverse charge, exemptions."""
