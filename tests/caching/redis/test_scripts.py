"""Scripts by their SHA-1, and by their text for a server that does not know them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from caching.redis.packing import pack, pack_in_python
from caching.redis.scripts import Script, ScriptCall
from config.environment import ROOT
from tests.support.processes import child_environment

WITHOUT_HIREDIS = """
import sys
sys.modules["hiredis"] = None
from caching.conf import RedisConf
from caching.redis.topology import make_backend
backend = make_backend(RedisConf(sys.argv[1]))
print(backend.commands(("SET", "a", 1), ("GET", "a"), ("HGETALL", "none")))
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "double.lua"
    path.write_text("-- Überprüft nichts.\nreturn ARGV[1] * 2\n", encoding="utf-8")
    return Script.load(path)


def test_script_loaded_from_a_file_has_the_digest_that_the_server_computes(script, cache_redis):
    digest = cache_redis.script_load(script.text)
    assert (digest.decode() if isinstance(digest, bytes) else digest) == script.sha


def test_call_names_its_keys_and_arguments_by_digest_and_by_text(script):
    call = ScriptCall(script, ["a", "b"], [1])
    assert call.by_sha() == ("EVALSHA", script.sha, 2, "a", "b", 1)
    assert call.by_text() == ("EVAL", script.text, 2, "a", "b", 1)


@pytest.mark.parametrize(
    "words", [("GET", "a"), ("SET", b"\x00\xff", "ключ"), ("HINCRBY", "h", 7, -1), ("SET", "f", 0.25)]
)
def test_packing_without_hiredis_is_the_same(words):
    assert pack_in_python(words) == pack(words)


def test_client_works_without_hiredis(server):
    words = [sys.executable, "-c", WITHOUT_HIREDIS, server().url]
    done = subprocess.run(words, cwd=ROOT, env=child_environment(), capture_output=True, text=True)
    assert done.stdout == "[b'OK', b'1', []]\n", done.stderr
