"""``python -m monitoring.healthcheck [port]``: exit with 0 if the process of this container is alive.

The port is that of the web server (8000), or OPERATOR_PORT in a container of another kind.
Django answers only to the hosts in ALLOWED_HOSTS, so the request has one of them.
"""

import os
import sys
import urllib.request

ADDRESS = "http://127.0.0.1:{port}/health/live"
TIMEOUT_SECONDS = 3


def allowed_host(allowed_hosts: str) -> str:
    """Return a host that ALLOWED_HOSTS accepts: ``example.com`` for ``.example.com, 10.0.0.1``."""
    first = allowed_hosts.partition(",")[0].strip().removeprefix(".")
    return "localhost" if first in {"", "*"} else first


if __name__ == "__main__":  # an exception is exit code 1, with the reason on standard error
    host = allowed_host(os.environ.get("ALLOWED_HOSTS", ""))
    address = ADDRESS.format(port=sys.argv[1] if sys.argv[1:] else 8000)
    request = urllib.request.Request(address, headers={"Host": host})  # noqa: S310  (as below)
    urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()  # noqa: S310  (http, on loopback)
