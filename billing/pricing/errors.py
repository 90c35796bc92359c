"""What can be wrong with a price, named by the field of the API."""

from typing import NamedTuple


class Problem(NamedTuple):
    """A field of a charge, in the API's spelling (`tiers[1].upTo`), and the rule that it breaks."""

    field: str
    message: str


class PricingError(ValueError):
    """Terms that no quantity can be priced by. Validated terms never raise it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.field} {problem.message}")
        self.field = problem.field
        self.message = problem.message
