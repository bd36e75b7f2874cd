"""``python -m monitoring.healthcheck``: exit with 0 if the web server in this container serves requests.

Django answers only to the hosts in ALLOWED_HOSTS, so the request has one of them.
"""

import os
import urllib.request

ADDRESS = "http://127.0.0.1:8000/health/live"
TIMEOUT_SECONDS = 3


def allowed_host(allowed_hosts: str) -> str:
    """Return a host that ALLOWED_HOSTS accepts: ``example.com`` for ``.example.com, 10.0.0.1``."""
    first = allowed_hosts.partition(",")[0].strip().removeprefix(".")
    return "localhost" if first in {"", "*"} else first


if __name__ == "__main__":  # an exception is exit code 1, with the reason on standard error
    host = allowed_host(os.environ.get("ALLOWED_HOSTS", ""))
    request = urllib.request.Request(ADDRESS, headers={"Host": host})
    urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()  # noqa: S310  (http, on loopback)
