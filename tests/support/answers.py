"""What the API answers."""

from __future__ import annotations

import json


def problem(response, status, *words):
    """The problem that a response is, with all the words in it, and not some other kind of error."""
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    text = response.content.decode()
    assert all(word in text for word in words), text
    body = json.loads(text)
    assert body["status"] == status
    return body
