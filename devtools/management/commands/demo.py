"""``manage.py demo``: fill the database with data to look at."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from accounts.names import TAKEN, violated_field
from devtools.demo import fill, users
from devtools.demo.plan import PUBLIC_PASSWORD, Plan, Size


class Command(BaseCommand):
    help = "Fill the database with demo data up to a size. A second run adds nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", choices=["small", "large"], default="small")
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same data")
        parser.add_argument("--password", help="of the users that it adds; without DEBUG there is no default")

    def handle(self, *, size: Size, seed: int, password: str | None, **_: Any) -> None:
        if not (password or settings.DEBUG):
            raise CommandError(
                "One of the demo users is a superuser, and their password is public. "
                "With DEBUG off, choose another with --password."
            )
        plan = Plan(size, seed, password or PUBLIC_PASSWORD)
        try:
            added = fill(plan)
        except IntegrityError as error:
            reason = TAKEN.get(violated_field(error) or "", str(error).partition("\n")[0])
            raise CommandError(f"The demo data and yours cannot be together: {reason}") from error
        self.stdout.write("Demo data added: " + ", ".join(f"{rows} {name}" for name, rows in added.items()))
        for name in users.shown(plan.password):
            self.stdout.write(f"  {name} / {plan.password}")
