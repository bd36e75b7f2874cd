"""docs/life-of-a-request.md, compared with the code and with traced requests."""

from __future__ import annotations

import ast
import re

import pytest
from django.contrib.auth.models import User

from benchmarks import path
from config.environment import ROOT
from tests.courses.factories import CourseFactory

PAGE = (ROOT / "docs" / "life-of-a-request.md").read_text()
NAME = re.compile(r"`([\w/]+\.py)(?::([\w.]+))?`")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def named(text):
    """Return the functions that a text names, as file and name."""
    return [(file, name) for file, name in NAME.findall(text) if name]


def defined(file):
    """Return the names of the functions, methods and classes of a file."""
    found = set()

    def visit(node, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                found.add(f"{prefix}{child.name}")
                visit(child, f"{prefix}{child.name}.")

    visit(ast.parse((ROOT / file).read_text()), "")
    return found


@pytest.mark.parametrize(("file", "name"), sorted(set(NAME.findall(PAGE))))
def test_every_name_of_the_page_exists(file, name):
    assert (ROOT / file).is_file()
    assert not name or name in defined(file)


@pytest.fixture
def passages(transactional_db):
    User.objects.create_superuser("admin", password="a long password")
    credentials = {"username": "admin", "password": "a long password"}
    return path.measure(CourseFactory().pk, credentials)


def test_traced_requests_pass_the_functions_of_the_page_in_order(passages):
    miss, hit, patch, edge_hit = passages
    sections = [
        (edge_hit, SECTIONS["GET of a course: a hit at the edge"]),
        (hit, SECTIONS["GET of a course: a hit"]),
        (miss, SECTIONS["GET of a course: a miss"]),
        (patch, SECTIONS["PATCH of a course"]),
    ]
    for passage, text in sections:
        order = [(step.file, step.function) for step in passage.functions]
        found = [order.index(step) if step in order else step for step in named(text)]
        assert found == sorted(found, key=lambda at: at if isinstance(at, int) else -1), passage.name
        assert all(isinstance(at, int) for at in found), (passage.name, found)
