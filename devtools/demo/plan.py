"""The size and the seed of demo data."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Value
from django.db.models.functions import Mod, Now
from tqdm import tqdm

Size = Literal["small", "large"]
CHUNK_ROWS = 100
PUBLIC_PASSWORD = "syllabus-demo"  # noqa: S105  (of demo users, while developing)


@dataclass(frozen=True)
class Plan:
    size: Size = "small"
    seed: int = 1
    password: str = PUBLIC_PASSWORD

    def seeded_random(self, what: str, number: int) -> random.Random:
        """Return a generator that is the same for the same row, whatever rows exist already."""
        return random.Random(f"{self.seed}:{what}:{number}")  # noqa: S311  (not a secret)

    def missing(self, what: str, existing: int, wanted: int, *, chunk: int = CHUNK_ROWS) -> Iterator[range]:
        """Yield the numbers of the missing rows in chunks, with a progress bar on a terminal."""
        with tqdm(total=max(wanted - existing, 0), desc=what, unit="", disable=None) as bar:
            for start in range(existing, wanted, chunk):
                numbers = range(start + 1, min(start + chunk, wanted) + 1)
                yield numbers
                bar.update(len(numbers))


def spread_over(days: int) -> Any:
    """Return a moment of the last days for an update: another one for each row, the same for the same id."""
    hour = Mod(F("id") * 7919, Value(days * 24)) + Value(1)  # 7919 is prime: neighbours are far apart
    age = ExpressionWrapper(hour * Value(timedelta(hours=1)), DurationField())
    return ExpressionWrapper(Now() - age, DateTimeField())
