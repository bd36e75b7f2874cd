"""Addresses under /api/v1/."""

from django.urls import path

from courses.views import catalogue, learning

urlpatterns = [
    path("courses/", catalogue.CourseList.as_view(), name="course-list"),
    path("courses/top/", catalogue.TopCourses.as_view(), name="course-top"),
    path("courses/<int:pk>/", catalogue.CourseDetail.as_view(), name="course-detail"),
    path("courses/<int:pk>/enroll/", learning.Enrolling.as_view(), name="course-enroll"),
    path("courses/<int:pk>/reviews/", learning.ReviewList.as_view(), name="course-reviews"),
    path("courses/<int:pk>/complete/", learning.Completion.as_view(), name="course-complete"),
    path("courses/<int:pk>/lessons/<int:lesson_pk>/", learning.LessonDetail.as_view(), name="course-lesson"),
    path("categories/", catalogue.CategoryList.as_view(), name="category-list"),
    path("categories/<int:pk>/", catalogue.CategoryDetail.as_view(), name="category-detail"),
    path("certificates/<uuid:uuid>/", learning.CertificateDetail.as_view(), name="certificate-detail"),
    path("certificates/<uuid:uuid>.pdf", learning.CertificateFile.as_view(), name="certificate-file"),
]
