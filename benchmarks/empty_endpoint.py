"""The routes of production and one that answers `{}` to whoever has a good token.

Only a benchmark serves these: it is what everything else is measured against.
"""

from __future__ import annotations

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from billing.http.portal import PortalNeed, PortalView
from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as production

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class EmptyView(PortalView):
    """Authenticated, and nothing else."""

    needs = {"GET": PortalNeed.PERSON}

    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path("api/billing/v1/empty", EmptyView.as_view()), *production]
