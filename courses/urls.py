"""Addresses under /api/v1/."""

from django.urls import path
from rest_framework.permissions import IsAuthenticated
from rest_framework.routers import SimpleRouter

from courses.views.catalogue import CategoryViewSet, CourseViewSet
from courses.views.certificates import CertificateViewSet, OneFormat
from courses.views.learning import LearningViewSet
from courses.views.mine import MyCertificateViewSet, MyEnrollmentViewSet, MyReviewViewSet
from courses.views.outline import CourseModuleViewSet, LessonViewSet, ModuleLessonViewSet, ModuleViewSet

router = SimpleRouter(use_regex_path=False)
router.register("courses", CourseViewSet, basename="course")
router.register("categories", CategoryViewSet, basename="category")
router.register("certificates", CertificateViewSet, basename="certificate")
router.register("courses/<int:course_id>/modules", CourseModuleViewSet, basename="course-modules")
router.register("modules", ModuleViewSet, basename="module")
router.register("modules/<int:module_id>/lessons", ModuleLessonViewSet, basename="module-lessons")
router.register("lessons", LessonViewSet, basename="lesson")
router.register("me/enrollments", MyEnrollmentViewSet, basename="my-enrollment")
router.register("me/certificates", MyCertificateViewSet, basename="my-certificate")
router.register("me/reviews", MyReviewViewSet, basename="my-review")

# A router of its own, so that its names begin with course-, too.
learning = SimpleRouter(use_regex_path=False)
learning.register("courses", LearningViewSet, basename="course")

certificate_pdf = CertificateViewSet.as_view(
    {"get": "pdf"},
    detail=True,
    permission_classes=[IsAuthenticated],
    content_negotiation_class=OneFormat,
)

urlpatterns = [
    *router.urls,
    *learning.urls,
    path("certificates/<uuid:uuid>.pdf", certificate_pdf, name="certificate-file"),
]
