"""A learner's program: it knows the site by the generated client alone.

From signing up to the end of the account: it browses, enrols, learns, completes, proves it and reviews.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

from syllabus_client import AuthenticatedClient, Client
from syllabus_client.api.auth import (
    auth_email_verify,
    auth_password_change,
    auth_password_reset,
    auth_password_reset_confirm,
    auth_register,
    auth_token,
    auth_tokens_list,
)
from syllabus_client.api.certificates import certificates_pdf, certificates_retrieve
from syllabus_client.api.courses import (
    courses_complete,
    courses_enroll,
    courses_lesson,
    courses_list,
    courses_retrieve,
    courses_reviews_create,
)
from syllabus_client.api.lessons import lessons_complete
from syllabus_client.api.me import (
    me_certificates_list,
    me_destroy,
    me_enrollments_list,
    me_export,
    me_retrieve,
    me_reviews_list,
    me_reviews_partial_update,
)
from syllabus_client.models import (
    AccountDeletionRequest,
    CourseOrder,
    EmailVerificationRequest,
    MyReviewPatch,
    PasswordChangeRequest,
    PasswordResetConfirmRequest,
    PasswordResetRequest,
    Problem,
    RegistrationRequest,
    ReviewRequest,
    SignInRequest,
)

from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from syllabus_client.models import CourseDetail, MyEnrollment

OLD, NEW = "a-long-and-odd-pass", "another-odd-pass"
ADDRESS = "boris@example.com"


class Learner(ExitStack):
    """A learner until the block ends. ``mail`` returns the text of the mail of a number, once it has come."""

    def __init__(self, address: str, mail: Callable[[int], str]) -> None:
        super().__init__()
        self.address, self.mail = address, mail
        self.anyone = self.enter_context(Client(base_url=address))

    def with_token(self, token: str) -> AuthenticatedClient:
        return self.enter_context(AuthenticatedClient(base_url=self.address, token=token, prefix="Token"))

    def sign_in(self, name: str, password: str) -> AuthenticatedClient | Problem:
        found = auth_token.sync(client=self.anyone, body=SignInRequest(username=name, password=password))
        return found if isinstance(found, Problem) else self.with_token(found.token)

    def sign_up(self) -> AuthenticatedClient:
        """Register, follow the link in the mail, and sign in."""
        account = RegistrationRequest(*("boris", ADDRESS, OLD, OLD), first_name="Олена", last_name="Шевченко")
        assert auth_register.sync_detailed(client=self.anyone, body=account).status_code == 201
        token = re.search(r"/accounts/verify-email/([^/\s]+)/", self.mail(1))[1]
        verified = auth_email_verify.sync_detailed(
            client=self.anyone, body=EmailVerificationRequest(token=token)
        )
        assert verified.status_code == 204
        mine = self.sign_in("Boris", OLD)
        assert me_retrieve.sync(client=mine).email_verified is True
        assert auth_tokens_list.sync(client=mine).count == 1
        return mine

    def find_course(self, words: str) -> CourseDetail:
        """Browse the catalogue, search it, and open the one course with these words."""
        pages = [courses_list.sync_detailed(client=self.anyone, order=CourseOrder.TITLE)]

        def is_hit() -> bool:  # on a busy machine a read may bypass the cache
            pages.append(courses_list.sync_detailed(client=self.anyone, order=CourseOrder.TITLE))
            return pages[-1].headers["X-Cache"] == "HIT"

        until(is_hit)
        assert pages[0].headers["X-Cache"] in {"MISS", "BYPASS"}
        assert pages[0].parsed == pages[-1].parsed
        titles = [course.title for course in pages[-1].parsed.results]
        assert len(titles) == pages[-1].parsed.count == 4
        assert titles == sorted(titles)
        (found,) = courses_list.sync(client=self.anyone, search=words).results
        return courses_retrieve.sync(found.id, client=self.anyone)

    def enrollment(self, mine: AuthenticatedClient, course: CourseDetail) -> MyEnrollment | None:
        return next(iter(me_enrollments_list.sync(client=mine, course=course.id).results), None)

    def learn(self, mine: AuthenticatedClient, course: CourseDetail) -> None:
        """Enrol, read and complete each lesson, then the course."""
        assert self.enrollment(mine, course) is None
        assert courses_enroll.sync_detailed(course.id, client=mine).status_code == 201
        lessons = [lesson.id for module in course.modules for lesson in module.lessons]
        for done, lesson in enumerate(lessons, 1):
            assert courses_lesson.sync(course.id, lesson, client=mine).content
            early = courses_complete.sync(course.id, client=mine)
            assert (early.status, [one.id for one in early.lessons]) == (409, lessons[done - 1 :])
            assert lessons_complete.sync_detailed(lesson, client=mine).status_code == 201
            enrollment = self.enrollment(mine, course)
            assert (enrollment.progress, enrollment.completed_lessons) == (25 * done, lessons[:done])
            assert enrollment.completed_at is None
        assert courses_complete.sync_detailed(course.id, client=mine).status_code == 202

    def prove_it(self, mine: AuthenticatedClient, course: CourseDetail) -> None:
        """Wait for the certificate, and show it to anyone, as a page and as a file."""
        until(lambda: me_certificates_list.sync(client=mine).results[0].pdf)
        (certificate,) = me_certificates_list.sync(client=mine).results
        anyones = certificates_retrieve.sync(certificate.uuid, client=self.anyone)
        assert (anyones.learner, anyones.course) == ("Олена Шевченко", course.title)
        browser = self.anyone.get_httpx_client()
        page = browser.get(certificate.page, headers={"Accept-Language": "uk"})
        assert page.headers["Content-Language"] == "uk"
        assert "Олена Шевченко" in page.text
        assert course.title in page.text
        assert certificates_pdf.sync(certificate.uuid, client=mine).payload.read(5) == b"%PDF-"
        assert certificates_pdf.sync(certificate.uuid, client=self.anyone).status == 401

    def review(self, mine: AuthenticatedClient, course: CourseDetail) -> None:
        """Review the course, edit the review, and see the rating follow."""
        courses_reviews_create.sync(course.id, client=mine, body=ReviewRequest(rating=3))
        (review,) = me_reviews_list.sync(client=mine).results
        better = MyReviewPatch(rating=5, text="Better on second thoughts")
        edited = me_reviews_partial_update.sync(review.id, client=mine, body=better)
        assert (edited.rating, edited.course.title) == (5, course.title)

        def shown() -> bool:
            found = courses_retrieve.sync(course.id, client=self.anyone)
            return (found.rating, found.students_count) == (5, 1)

        until(shown)

    def reset_password(self, mine: AuthenticatedClient, mails: int) -> AuthenticatedClient:
        """Reset the password by the link in the mail, which is valid once. It ends every token."""
        asked = auth_password_reset.sync_detailed(
            client=self.anyone, body=PasswordResetRequest(email=ADDRESS)
        )
        assert asked.status_code == 202
        link = re.search(r"/accounts/password/reset/([^/\s]+)/([^/\s]+)/", self.mail(mails + 1))
        body = PasswordResetConfirmRequest(*link.groups(), new_password=NEW)
        statuses = [
            auth_password_reset_confirm.sync_detailed(client=self.anyone, body=body).status_code
            for _ in range(2)
        ]
        assert statuses == [204, 400]
        assert me_retrieve.sync(client=mine).status == 401
        assert self.sign_in("boris", OLD).status == 400
        return self.sign_in("boris", NEW)

    def leave(self, mine: AuthenticatedClient) -> None:
        """Change the password, which ends the token, export the account and delete it."""
        change = PasswordChangeRequest(current_password=NEW, new_password=OLD)
        changed = auth_password_change.sync(client=mine, body=change)
        assert me_retrieve.sync(client=mine).status == 401
        mine = self.with_token(changed.token)
        assert me_export.sync(client=mine).account["username"] == "boris"
        gone = me_destroy.sync_detailed(client=mine, body=AccountDeletionRequest(password=OLD))
        assert gone.status_code == 204
        assert self.sign_in("boris", OLD).status == 400
