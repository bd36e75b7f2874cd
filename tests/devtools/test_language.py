"""The language check finds each word, and says how many texts it read."""

import re

import pytest

from config.environment import ROOT
from devtools import language

FOUND = [
    *language.WORDS,
    *("Whoever", "nobody's", "is asked", "were asked", "speaks for", "tell of", "is\n# asked"),
    "test_nobody_reads",
]
NOT_FOUND = [
    "rest",
    "lively",
    "there",
    "the",
    "history",
    "time to live",
    "asked",
    "understand",
    "outstanding",
    "shelf",
]


@pytest.mark.parametrize("word", FOUND)
def test_main_with_a_text_that_contains_a_word_names_file_line_and_word(tmp_path, capsys, word):
    text = tmp_path / "text.py"
    text.write_text(f"# One line.\n# Then {word} in a comment.\n")
    assert language.main([str(tmp_path)]) == 1
    finding, summary = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"{text}:2: \w[\w #]*", finding)
    assert summary == "Read 1 texts: 1 words to replace."


@pytest.mark.parametrize("word", NOT_FOUND)
def test_main_accepts_words_that_only_contain_one(tmp_path, capsys, word):
    (tmp_path / "page.md").write_text(f"A {word} word.\n")
    assert language.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "Read 1 texts: 0 words to replace.\n"


def test_main_reads_every_kind_of_text_and_no_hidden_folder(tmp_path, capsys):
    names = ["a.py", "a.md", "a.html", "a.lua", "a.sql", ".env.example", "Makefile", "deep/a.py"]
    for name in (*names, "a.png", ".hidden/a.py", "locale/a.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("anew\n")
    assert language.main([str(tmp_path)]) == 1
    assert f"Read {len(names)} texts: {len(names)} words to replace." in capsys.readouterr().out


def test_main_with_a_path_that_does_not_exist_says_so():
    with pytest.raises(SystemExit, match=r"There is no .*/nothing\."):
        language.main([str(ROOT / "nothing")])


def test_allowed_words_are_in_the_texts_for_which_they_are_allowed():
    for name, allowed in language.ALLOWED.items():
        assert allowed.search((ROOT / name).read_text()), name
