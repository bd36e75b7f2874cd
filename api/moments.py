"""Times as the API prints them."""

from __future__ import annotations

from rest_framework.fields import DateTimeField

# Of a time, the text that a serializer makes of it: RFC 3339, UTC.
moment_text = DateTimeField().to_representation
