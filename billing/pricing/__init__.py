"""What a quantity costs: exact, pure, one small module for each charge model."""

from billing.pricing.charge import Priced, chargeable, price
from billing.pricing.errors import PricingError, Problem
from billing.pricing.parts import Part
from billing.pricing.terms import ChargeModel, ChargeTerms, Usage
from billing.pricing.tiers import Tier, require_complete
from billing.pricing.validation import validate_terms

__all__ = [
    "ChargeModel",
    "ChargeTerms",
    "Part",
    "Priced",
    "PricingError",
    "Problem",
    "Tier",
    "Usage",
    "chargeable",
    "price",
    "require_complete",
    "validate_terms",
]
