"""The OpenAPI 3.1 document and its pages: open to all, served from our own files."""

from __future__ import annotations

from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import AllowAny


class SchemaView(SpectacularJSONAPIView):
    """The document itself, as JSON."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
