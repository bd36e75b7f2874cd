"""The next deadline of a task that repeats."""

from __future__ import annotations

from calendar import monthrange
from datetime import timedelta
from typing import TYPE_CHECKING

from tasks.models import MAX_DEADLINE, Repeat

if TYPE_CHECKING:
    from datetime import datetime

STEPS = {Repeat.DAILY: timedelta(days=1), Repeat.WEEKLY: timedelta(weeks=1)}


def next_deadline(deadline: datetime, repeat: str, day: int, now: datetime) -> datetime | None:
    """Return the first deadline of the series after the present one that is in the future.

    Args:
        day: the day of the month on which a monthly series falls; in a month without it, on its last day.

    Returns:
        None if it would be later than any deadline may be.
    """
    after = max(deadline, now)
    if repeat == Repeat.MONTHLY:
        months = max(1, (after.year - deadline.year) * 12 + after.month - deadline.month)
        found = _in_months(deadline, months, day)
        found = found if found > after else _in_months(deadline, months + 1, day)
    else:
        step = STEPS[Repeat(repeat)]
        found = deadline + ((after - deadline) // step + 1) * step
    return found if found <= MAX_DEADLINE else None


def _in_months(moment: datetime, months: int, day: int) -> datetime:
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    return moment.replace(year=year, month=month + 1, day=min(day, monthrange(year, month + 1)[1]))
