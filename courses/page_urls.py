"""Addresses of the pages of courses, under /certificates/."""

from django.urls import path

from courses.views.pages import certificate_page

urlpatterns = [
    path("<uuid:uuid>/", certificate_page, name="certificate-page"),
]
