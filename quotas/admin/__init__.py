"""What staff see of limits and quotas."""

from quotas.admin import panels, usage_quotas

__all__ = ["panels", "usage_quotas"]
