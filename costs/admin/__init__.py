"""What staff see of costs."""

from costs.admin import panels

__all__ = ["panels"]
