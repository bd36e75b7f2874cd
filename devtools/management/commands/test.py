"""``manage.py test``: the test suite, which is pytest's, on servers of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from django.core.management.base import BaseCommand

from config.environment import ROOT


class Command(BaseCommand):
    help = "Run the tests. What follows goes to pytest: manage.py test tests/courses -k top"
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Pass every argument on: ``-k`` and the like are pytest's, not Django's."""
        self.handle(arguments=argv[2:])

    def handle(self, *, arguments: list[str], **_: Any) -> None:
        env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        done = subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=env, check=False)
        sys.exit(done.returncode)
