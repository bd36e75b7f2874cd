"""docs/tutorial.md: every command is run in order, and prints what the page says."""

from __future__ import annotations

import doctest
import logging
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager, nullcontext

import pytest
from django.conf import global_settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from config.environment import ROOT
from tests.support.processes import child_environment
from tests.support.servers import serving
from tests.support.stderr import StderrHandler
from tests.support.workers import working

PAGE = ROOT / "docs" / "tutorial.md"
# The name of the heading, the language, and the text.
PART = re.compile(r"^## (.*?)$|^```(console|pycon|pycon sql)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*?(?:'\n.*?^' .*?)?)\n(.*?)(?=^\$ |\Z)", re.MULTILINE | re.DOTALL)
END = "end of the command"


class Checker(doctest.OutputChecker):
    """``…`` is anything, and any white space is equal to any other."""

    def check_output(self, want, got, flags=0):
        flags |= doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        return super().check_output(want.replace("…", "..."), got, flags)


class Terminal:
    """A bash, in the folder of the project."""

    def __init__(self, port):
        self.words = {"127.0.0.1:8000": f"127.0.0.1:{port}", ".venv/bin/python": sys.executable}
        self.bash = subprocess.Popen(
            ["bash"],
            cwd=ROOT,
            env=child_environment(DEBUG="1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command):
        """Return what the command prints."""
        for word, here in self.words.items():
            command = command.replace(word, here)
        self.bash.stdin.write(f"{command}\necho; echo {END}\n")
        self.bash.stdin.flush()
        return "".join(iter(self.bash.stdout.readline, f"{END}\n"))

    def close(self):
        self.bash.communicate()


class Stdout:
    """Whatever ``sys.stdout`` is at the moment: doctest replaces it."""

    def write(self, text):
        return sys.stdout.write(text)

    def flush(self):
        sys.stdout.flush()


@pytest.fixture
def _log_in_the_shell(monkeypatch):
    root = logging.getLogger()
    [console] = [each for each in root.handlers if isinstance(each, StderrHandler)]
    handler = logging.StreamHandler(Stdout())
    handler.setFormatter(console.formatter)
    handler.filters = console.filters
    monkeypatch.setattr(root, "handlers", [handler])


@contextmanager
def printed_sql():
    logger = logging.getLogger("django.db.backends")
    connection.force_debug_cursor, level = True, logger.level
    logger.setLevel(logging.DEBUG)
    yield
    connection.force_debug_cursor = False
    logger.setLevel(level)


def run_console(terminal, text):
    """Yield each command, what it should print, and what it prints."""
    for command, wanted in COMMAND.findall(text):
        yield command, wanted, terminal.run(command)


def run_pycon(names, text, *, sql):
    test = doctest.DocTestParser().get_doctest(text, names, "tutorial", None, None)
    report = []
    with printed_sql() if sql else nullcontext():
        doctest.DocTestRunner(Checker()).run(test, out=report.append, clear_globs=False)
    names.update(test.globs)
    yield text, "", "".join(report)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_log_in_the_shell")
def test_every_command_prints_what_the_page_says(tmp_path):
    # As in `make run`: the demo's public password, hashed as its web process reads it.
    with override_settings(DEBUG=True, PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
        call_command("demo", verbosity=0)
    names, differences, step = {}, [], ""
    with serving("gunicorn", DEBUG="1") as port, working(tmp_path):
        terminal = Terminal(port)
        for heading, language, text in PART.findall(PAGE.read_text()):
            step = heading or step
            if language == "console":
                done = run_console(terminal, text)
            else:
                done = run_pycon(names, text, sql=language.endswith("sql"))
            for command, wanted, got in done if language else ():
                if not Checker().check_output(wanted, got):
                    differences.append(f"{step}\n{command}\nwanted:\n{wanted}\ngot:\n{got}")
        terminal.close()
    assert not differences, "\n\n".join(differences)
