"""``manage.py cacheshell``: run ``redis-cli`` on the cache, as ``dbshell`` runs ``psql`` on the database."""

import argparse
import os
import subprocess
import sys
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from caching.errors import RedisUnavailable
from monitoring.redis_cli import password, redis_cli


class Command(BaseCommand):
    help = "Run redis-cli on the cache's Redis: manage.py cacheshell ttl :1:v1:courses:detail:1"
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("words", nargs=argparse.REMAINDER, help="a Redis command; none: a prompt")

    def handle(self, *, words: list[str], **_: Any) -> None:
        try:
            secret = password()
            environment = os.environ | ({"REDISCLI_AUTH": secret} if secret else {})
            failing = ["-e"] if words else []  # an error of the command is an exit code
            done = subprocess.run([*redis_cli(), *failing, *words], env=environment, check=False)
        except FileNotFoundError:
            raise CommandError("There is no redis-cli here (apt install redis-tools).") from None
        except RedisUnavailable as error:
            raise CommandError(f"No Sentinel knows the cache's master: {error}") from None
        sys.exit(done.returncode)
