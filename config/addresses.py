"""What the addresses in the environment are completed to, before anything connects to them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import dj_database_url

# Names of the database's number in a query; Celery calls it a virtual host.
DATABASE_NAMES = ("db", "virtual_host")
OF_REDIS = ("redis", "rediss", "unix")
OF_CELERY = ("redis+socket", "sentinel")  # besides


def database(url: str, **options: Any) -> dict[str, Any]:
    """Return the entry of ``DATABASES`` for the URL of a PostgreSQL.

    Raises:
        SystemExit: it is none. The URL is not shown, here and below: it may hold a password.
    """
    try:
        if urlsplit(url).scheme in {"postgres", "postgresql"}:
            return dict(dj_database_url.parse(url, **options))
    except ValueError:
        pass  # the same refusal
    raise SystemExit(
        "DATABASE_URL must be postgres://user:password@host:5432/name. In a password, write # as %23, "
        "/ as %2F and @ as %40."
    )


def of_redis(name: str, url: str, *more_schemes: str) -> str:
    """Return the URL of a Redis; of a database there is a number or nothing.

    Raises:
        SystemExit: it is none.
    """
    schemes = OF_REDIS + more_schemes
    parts = urlsplit(url)
    named = "" if _is_socket(url) or parts.scheme == "sentinel" else parts.path.strip("/")
    if parts.scheme not in schemes or not (parts.netloc or parts.path) or not (named or "0").isdigit():
        raise SystemExit(f"{name} must be redis://host:6379/1, or begin with one of {', '.join(schemes)}.")
    return url


def database_of(url: str) -> int | None:
    """Return the number of the database in a URL; None where there is none."""
    parts = urlsplit(url)
    numbers = [value for name, value in parse_qsl(parts.query) if name in DATABASE_NAMES]
    if not _is_socket(url):
        numbers.append(parts.path.strip("/"))
    return next((int(number) for number in numbers if number.isdigit()), None)


def with_database(url: str, number: int) -> str:
    """Return the URL of another database of the same server."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in DATABASE_NAMES]
    if _is_socket(url):
        query.append(("virtual_host" if "+" in parts.scheme else "db", str(number)))
        return _join(parts.scheme, parts.netloc, parts.path, query)
    return _join(parts.scheme, parts.netloc, f"/{number}", query)


def with_credentials(url: str, username: str, password: str) -> str:
    """Return a URL with a user's name and password where it has none."""
    parts = urlsplit(url)
    if "@" in parts.netloc or not (username or password):
        return url
    netloc = f"{quote(username, safe='')}:{quote(password, safe='')}@{parts.netloc}"
    return _join(parts.scheme, netloc, parts.path, parse_qsl(parts.query))


def is_same_server(url: str, other: str) -> bool:
    """Return whether two URLs lead to one host and port, to one socket, or to the same Sentinels."""
    return _places(url) == _places(other)


def _places(url: str) -> set[tuple[str, str]]:
    """Return host and path of each server in a URL: of Sentinels there are several."""
    return {
        (urlsplit(one).netloc.rpartition("@")[2].lower(), urlsplit(one).path if _is_socket(one) else "")
        for one in url.split(";")
    }


def for_celery(url: str) -> str:
    """Return a URL as Celery's transport reads it.

    ``unix:///path?db=0`` becomes ``redis+socket:///path?virtual_host=0``; a database in the query moves
    into the path; TLS verifies the server, as everywhere else, where Celery would not; each Sentinel of
    ``sentinel://a:1;sentinel://b:2/0`` has the database, for Celery takes it from the first.
    """
    if url.startswith("sentinel://"):
        sentinels = url.split(";")
        number = next((found for found in map(database_of, sentinels) if found is not None), 0)
        return ";".join(with_database(sentinel, number) for sentinel in sentinels)
    number = database_of(url) or 0
    if url.startswith("unix://"):
        return with_database(url.replace("unix://", "redis+socket://", 1), number)
    parts = urlsplit(with_database(url, number))
    query = parse_qsl(parts.query)
    if parts.scheme == "rediss" and not any(name == "ssl_cert_reqs" for name, _ in query):
        query.append(("ssl_cert_reqs", "required"))
    return _join(parts.scheme, parts.netloc, parts.path, query)


def servers(words: list[str]) -> list[str | tuple[str, int]]:
    """Return the nodes or Sentinels in a setting: URLs as they are, ``host:port`` as pairs."""
    return [word if "://" in word else _pair(word) for word in words]


def _pair(word: str) -> tuple[str, int]:
    parts = urlsplit(f"//{word}")
    if not (parts.hostname and parts.port):
        raise SystemExit(f"{word!r} among the Redis servers is not host:port (or a URL)")
    return parts.hostname, parts.port


def _is_socket(url: str) -> bool:
    return url.startswith(("unix://", "redis+socket://"))


def _join(scheme: str, netloc: str, path: str, query: list[tuple[str, str]]) -> str:
    return f"{scheme}://{netloc}{path}" + (f"?{urlencode(query, safe='/')}" if query else "")
