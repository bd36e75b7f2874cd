"""``caching/`` in a project of another kind, which has nothing else of this one's (strangers_project/).

By each driver. Django prefers psycopg 3 where it can be imported, so it lies in a folder of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from config.environment import ROOT
from tests.caching.redis_process import RedisProcess

HERE = Path(__file__).parent / "strangers_project"
PSYCOPG3 = "psycopg[binary]==3.3.9"  # pinned here: no other part of the project may see it

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(settings.CACHING["CLUSTER"]), reason="it brings a Redis of its own"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the shop, and of this project only ``caching/``."""
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(HERE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "caching").symlink_to(ROOT / "caching")
    return folder


@pytest.fixture(scope="module", params=["psycopg2", "psycopg 3"])
def driver_path(request, tmp_path_factory):
    """What goes first on the shop's path."""
    if request.param == "psycopg2":
        return []
    target = tmp_path_factory.mktemp("psycopg3")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), PSYCOPG3]
    installed = subprocess.run(command, check=False, capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f"psycopg 3 cannot be installed: {installed.stderr.strip()[-200:]}")
    return [str(target)]


@pytest.fixture
def shop(folder, driver_path, transactional_db, django_db_setup, tmp_path):
    """Runs a script of the shop on a database and a Redis of its own; returns what it printed."""
    server_of_the_tests = {key: connection.get_connection_params()[key] for key in ("host", "user")}
    name = f"shop_{connection.settings_dict['NAME']}"[:63]

    def administer(statement):
        admin = psycopg2.connect(**server_of_the_tests, dbname="postgres")
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute(statement)
        admin.close()

    administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    administer(f'CREATE DATABASE "{name}"')
    server = RedisProcess(tmp_path)

    def run(script, *words):
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([*driver_path, str(folder)]),
            "SHOP_DATABASE": name,
            "SHOP_DATABASE_HOST": server_of_the_tests["host"],
            "SHOP_DATABASE_USER": server_of_the_tests["user"],
            "SHOP_REDIS": server.url,
        }
        command = [sys.executable, script, *words]
        ran = subprocess.run(
            command, cwd=folder, env=environment, check=False, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr[-3000:]
        return ran.stdout.splitlines()

    yield run
    server.remove()
    administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_strangers_project_keeps_the_promise(shop, driver_path):
    *_, last = shop("schedules.py")
    assert last == f"{'psycopg 3' if driver_path else 'psycopg2'} 7 schedules"


def test_strangers_history_has_no_stale_read(shop):
    result = json.loads(shop("history.py", "3000")[-1])
    assert result["reads"] == 3000
    assert result["writes"] > 10
    assert result["hits"] > 100
    assert (result["stale"], result["backwards"]) == (0, 0)
