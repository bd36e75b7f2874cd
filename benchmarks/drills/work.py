"""Work of each kind for Celery, as a process of the drill: ``python -m benchmarks.drills.work``

It enrols new users, completes a course (a certificate, a mail), reviews it (statistics) and changes prices,
until its input is closed. Then it waits until all that has been done, and prints how long that took.
"""

from __future__ import annotations

import itertools
import secrets
import select
import sys
import time

PAUSE_SECONDS = 0.3
MAX_SECONDS = 330  # statistics are repaired every five minutes


def main() -> None:
    import django

    django.setup()
    for number in itertools.count():
        _once(number)
        if select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
            break
    began = time.monotonic()
    while left := _left():
        if time.monotonic() - began > MAX_SECONDS:
            raise SystemExit(f"not done: {left}")
        time.sleep(0.2)
    print(f"{number + 1} × each kind of work, done {time.monotonic() - began:.0f} s after the last")


def _once(number: int) -> None:
    from django.contrib.auth.models import User

    from courses import actions
    from courses.models import Course, Lesson
    from courses.progress import complete_lesson
    from services.models import Service

    course = Course.objects.filter(is_published=True).order_by("-pk")[number % 3]
    name = f"drill-{secrets.token_hex(6)}"
    user = User.objects.create_user(name)
    actions.enroll(user=user, course=course)
    for lesson in Lesson.objects.filter(module__course=course):
        complete_lesson(user=user, lesson=lesson)
    actions.complete_course(user=user, course=course)
    actions.add_review(user=user, course=course, rating=1 + number % 5)
    service = Service.objects.order_by("pk")[number % 3]
    service.full_price = 100 + number
    service.save()


def _left() -> dict[str, int]:
    """Return what is still to be done, by kind."""
    from django.utils import timezone

    from courses import statistics
    from courses.models import Certificate
    from messaging.models import OutgoingMessage
    from monitoring.selectors import outbox, pending_prices

    unfinished = OutgoingMessage.objects.filter(state__in=["pending", "sending"])
    left = {
        "certificates": Certificate.objects.filter(file="").count(),
        "messages": unfinished.filter(due_at__lte=timezone.now()).count(),
        "prices": pending_prices(),
        "statistics": statistics._drifted().count(),
        "outbox": outbox()[0],
    }
    return {kind: count for kind, count in left.items() if count}


if __name__ == "__main__":
    main()
