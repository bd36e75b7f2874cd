"""``manage.py flower``, the command behind ``make flower``: Celery's monitor, until Ctrl-C."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.celery import app
from config.environment import ROOT


class Command(BaseCommand):
    help = "Serve Celery's monitor on http://127.0.0.1:5555, behind FLOWER_BASIC_AUTH, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=5555)

    def handle(self, *, port: int, **_: Any) -> None:
        os.chdir(ROOT)  # where flowerconfig.py is
        app.start(["flower", "--address=127.0.0.1", f"--port={port}"])
