"""``python -m devtools.language [PATH …]``: find words that the project's texts do not use.

The texts are for readers of whom many learned English as a second language, so figurative and literary
words have plain replacements (CONTRIBUTING.md). Source files are read as a whole: names are texts, too.
Without a path, the whole project is read.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUFFIXES = {".py", ".md", ".html", ".lua", ".sql", ".toml", ".yml", ".txt", ".example", ".css", ".js"}
NAMES = {"Makefile", "Dockerfile"}
NOT_READ = {"locale", "node_modules", "staticfiles", "var"}  # and hidden folders

WORDS = [
    *("lest", "anew", "meanwhile", "whom", "whomever", "whoever", "whosoever", "told"),
    *("nobody", "nobodys", "somebody", "somebodys", "he", "him", "his", "himself", "she", "her", "herself"),
    *("stand", "stands", "stood", "standing", "die", "dies", "died", "dying", "lives", "lived", "living"),
    *("forget", "forgets", "forgot", "forgotten", "forgetting"),
    *("believe", "believes", "believed", "believing"),
]
BE = "is|are|was|were|be|been|being"
GAP = r"[\s#_*]+"  # a phrase may continue on the next line of a comment
PHRASES = [rf"(?:{BE}){GAP}asked", rf"(?:speak|speaks|spoke|spoken|speaking){GAP}for", rf"tells?{GAP}of"]
FORBIDDEN = re.compile(rf"(?<![a-z])(?:{'|'.join([*WORDS, *PHRASES])})(?![a-z])", re.IGNORECASE)

# Each with its reason. A text that must quote the words, or a word of another program's interface.
ALLOWED = {
    "devtools/language.py": FORBIDDEN,
    "tests/devtools/test_language.py": FORBIDDEN,
    "web/templates/web/sign_in.html": re.compile("forgot", re.IGNORECASE),  # as such links are always named
}


def main(arguments: list[str]) -> int:
    """Print each finding as ``file:line: word``, then how many texts were read; return the exit code."""
    texts = list(find_texts([Path(argument).resolve() for argument in arguments] or [ROOT]))
    findings = [finding for path in texts for finding in check(path)]
    print(*findings, sep="\n", end="\n" if findings else "")
    print(f"Read {len(texts)} texts: {len(findings)} words to replace.")
    return 1 if findings else 0


def find_texts(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield every text in the files and folders, each once.

    Raises:
        SystemExit: a path does not exist.
    """
    for path in sorted(set(paths)):
        if not path.exists():
            raise SystemExit(f"There is no {path}.")
        if path.is_file():
            yield path
        else:
            for file in sorted(path.rglob("*")):
                if _is_text(file.relative_to(path)) and file.is_file():
                    yield file


def check(path: Path) -> Iterator[str]:
    """Yield a line for each word to replace."""
    shown = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
    text, allowed = path.read_text(), ALLOWED.get(shown)
    for found in FORBIDDEN.finditer(text.replace("'", "")):
        if allowed is None or not allowed.fullmatch(found[0]):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{shown}:{line}: {' '.join(found[0].split())}"


def _is_text(file: Path) -> bool:
    if any(part in NOT_READ or part.startswith(".") for part in file.parts[:-1]):
        return False
    return file.suffix in SUFFIXES or file.name in NAMES


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
