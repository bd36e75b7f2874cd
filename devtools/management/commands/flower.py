"""``manage.py flower``, the command behind ``make flower``: Celery's monitor, until Ctrl-C."""

from __future__ import annotations

import os
import socket
from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.celery import app
from config.environment import ROOT
from devtools.port_lock import parse_port

HOST = "127.0.0.1"


class Command(BaseCommand):
    help = "Serve Celery's monitor on http://127.0.0.1:5555, behind FLOWER_BASIC_AUTH, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", default="5555", help="default: 5555")

    def handle(self, *, port: str, **_: Any) -> None:
        number = parse_port(port)
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, number))
            except OSError as error:
                raise CommandError(f"{HOST}:{number} cannot be used: {error.strerror}") from error
        os.chdir(ROOT)  # where flowerconfig.py is
        app.start(["flower", f"--address={HOST}", f"--port={number}"])
