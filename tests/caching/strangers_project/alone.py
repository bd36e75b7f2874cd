"""Restrict imports to the standard library, this project, and what the manual of ``caching/`` names.

Settings import this module first, so it applies to every process of the shop. An import of any other
installed package fails as if it were not installed.
"""

from __future__ import annotations

import os
import sys

DRIVERS = {"psycopg2": {"psycopg2"}, "psycopg 3": {"psycopg", "psycopg_binary"}}
NEEDED = {"django", "asgiref", "sqlparse", "redis"}
NEEDED |= {"typing_extensions", "async_timeout"}  # psycopg 3's, and redis-py's with a Python before 3.11.3
OWN = {"alone", "ask", "caching", "history", "judge", "manage", "schedules", "settings", "shop", "worker"}
ALLOWED = sys.stdlib_module_names | NEEDED | OWN | DRIVERS[os.environ["SHOP_DRIVER"]]


class Alone:
    """A finder that finds no module, and raises an error for those that must not be imported."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        top = name.partition(".")[0]
        if top not in ALLOWED and not top.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"a stranger's project has no {name}", name=name)


sys.meta_path.insert(0, Alone())
