"""What staff see of limits."""

from quotas.admin import panels

__all__ = ["panels"]
