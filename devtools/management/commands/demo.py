"""``manage.py demo``: fill the database with data to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from devtools.demo import fill, users
from devtools.demo.plan import Plan, Size

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Fill the database with demo data up to a size. A second run adds nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", choices=["small", "large"], default="small")
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same data")

    def handle(self, *, size: Size, seed: int, **_: Any) -> None:
        added = fill(Plan(size, seed))
        self.stdout.write("Demo data added: " + ", ".join(f"{rows} {name}" for name, rows in added.items()))
        for name, password in users.credentials():
            self.stdout.write(f"  {name} / {password}")
