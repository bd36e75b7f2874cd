"""Views call no cache and record nothing: that is for signals. Read from their source."""

from __future__ import annotations

import ast
import inspect

import pytest

from topics import api_views, pages, views

FORBIDDEN_MODULES = ("caching", "django.core.cache", "topics.cache", "topics.signals", "redis")
INVALIDATING = {"invalidate", "invalidate_all", "delete_many", "delete_pattern"}


def offences(source):
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                imported = [alias.name for alias in names]
            case ast.ImportFrom(module=module, names=names):
                imported = [f"{module}.{alias.name}" for alias in names]
            case ast.Call(func=ast.Attribute(attr=name)) if name in INVALIDATING:
                yield ast.unparse(node)
                continue
            case ast.Call(func=function) if "TopicActivity" in (called := ast.unparse(function)):
                if "create" in called or called.endswith(("TopicActivity", ".save")):
                    yield ast.unparse(node)
                continue
            case ast.Name(id="cache"):
                yield "cache"
                continue
            case _:
                continue
        yield from (
            name for name in imported if f"{name}.".startswith(tuple(f"{m}." for m in FORBIDDEN_MODULES))
        )


@pytest.mark.parametrize("module", [views, api_views, pages])
def test_views_contain_no_cache_call_and_create_no_activity(module):
    assert list(offences(inspect.getsource(module))) == []


@pytest.mark.parametrize(
    "line",
    [
        "from django.core.cache import cache",
        "from topics import cache",
        "import caching",
        "cache.delete('user:1:topics')",
        "user_topics.invalidate(user_id=1)",
        "topic_pages.invalidate_all()",
        "TopicActivity.objects.create(action='created')",
        "TopicActivity(topic=topic).save()",
    ],
)
def test_the_reading_finds_what_it_looks_for(line):
    assert list(offences(line))
