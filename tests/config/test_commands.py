"""Every command of ``manage.py``: what it cannot do is a line and an exit code, never a traceback."""

from __future__ import annotations

import io
import socket
import subprocess
import sys

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, ManagementUtility, call_command, get_commands

from config.environment import ROOT
from devtools.management.commands import flower
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

STRANGE = ["", " ", "ß" * 500, "-1", "../..", "'; DROP TABLE x", "🦄"]
ARGUMENTS = {
    "cache": [[], ["x"], ["clear", "x"], ["audit", "--sample", "x"], ["status", "x"], ["triggers", "--x"]],
    "cacheshell": [["x"]],
    "changepassword": [[text] for text in ["no-such-user", " ", "ß" * 500, "🦄"]],
    "createsuperuser": [
        ["--noinput"],
        ["--noinput", "--username", "x"],
        ["--noinput", "--username", "x", "--email", "x"],
        ["--x"],
    ],
    "dbtimeouts": [["x"], ["--x"]],
    "demo": [["--size", "x"], ["--seed", "x"], ["x"]],
    "flower": [["--port", "x"], ["--port", "65536"], ["--port", "-1"]],
    "migrate": [["x"], ["courses", "9999"], ["--database", "x"]],
    "run": [["--port", "x"], ["--x"]],
    "telegram_webhook": [[], ["x"], ["set"], ["set", "http://x"], ["set", "https://x"], ["info"], ["delete"]],
    "test": [],  # every argument is pytest's
}
ONE_ARGUMENT = {
    "cache": ["clear"],
    "demo": ["--size"],
    "flower": ["--port"],
    "run": ["--port"],
    "telegram_webhook": ["set"],
}
CASES = [
    *((command, words) for command, lists in ARGUMENTS.items() for words in lists),
    *((command, [*words, text]) for command, words in ONE_ARGUMENT.items() for text in STRANGE),
]


def run(capfd, *words):
    """Return the exit code and what the command said."""
    with pytest.raises(SystemExit) as ended:
        ManagementUtility(["manage.py", *words]).execute()
    said = capfd.readouterr()
    return ended.value.code, said.err + said.out


def test_every_command_of_the_project_is_here():
    own = {
        name
        for name, app in get_commands().items()
        if not app.startswith(("django.", "rest_", "drf_", "whitenoise", "tests."))
    }
    assert own == set(ARGUMENTS)


@pytest.mark.parametrize(("command", "words"), CASES)
def test_odd_arguments(capfd, command, words):
    code, said = run(capfd, command, *words)
    assert code
    assert "Traceback" not in said
    assert said.strip()


@pytest.mark.parametrize("name", ["Anna", "ANNA", "ａｎｎａ"])
def test_createsuperuser_refuses_a_name_that_is_taken(capfd, monkeypatch, name):
    UserFactory(username="anna")
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", name)
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "other@example.com")
    code, said = run(capfd, "createsuperuser", "--noinput")
    assert (code, said) == (1, "CommandError: A user with that username already exists.\n")


def test_createsuperuser_refuses_an_address_that_is_taken(capfd):
    UserFactory(email="anna@example.com")
    words = ["createsuperuser", "--noinput", "--username", "boris", "--email", "ANNA@example.com"]
    assert run(capfd, *words) == (1, "CommandError: This e-mail address is not available.\n")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_createsuperuser_asks_again_for_a_name_that_is_taken(monkeypatch, capfd):
    UserFactory(username="anna")
    answers = iter(["ANNA", "\u3164", "boris", "boris@example.com"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: "correct horse battery")
    call_command("createsuperuser", stdin=Terminal())
    assert User.objects.get(is_superuser=True).username == "boris"
    assert "A user with that username already exists." in capfd.readouterr().err


def test_changepassword_finds_the_user_by_any_form_of_the_name(monkeypatch):
    UserFactory(username="anna")
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: "correct horse battery")
    call_command("changepassword", "ANNA", stdout=io.StringIO())
    assert User.objects.get().check_password("correct horse battery")


def test_demo_leaves_a_name_that_is_taken_to_its_user():
    UserFactory(username="ADMIN", email="")
    call_command("demo", password="only-for-tests", stdout=io.StringIO())
    assert User.objects.filter(username__iexact="admin").count() == 1


def test_demo_says_that_an_address_is_taken():
    UserFactory(email="STUDENT1@example.com")
    with pytest.raises(CommandError, match="This e-mail address is not available"):
        call_command("demo", password="only-for-tests")


def test_flower_says_that_its_port_is_taken(capfd):
    with socket.create_server((flower.HOST, 0)) as server:
        code, said = run(capfd, "flower", "--port", str(server.getsockname()[1]))
    assert code == 1
    assert "Address already in use" in said
    assert len(said.splitlines()) == 1


def test_an_argument_that_is_not_utf_8_is_said():
    words = [sys.executable, "manage.py", "changepassword", b"\xff"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(b"An argument is not UTF-8: ")
    assert len(done.stderr.splitlines()) == 1
