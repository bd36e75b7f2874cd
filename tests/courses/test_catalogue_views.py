"""The catalogue over HTTP: what is cached, what a write makes of it, what bad input is told."""

from __future__ import annotations

import json

import pytest
from rest_framework.test import APIClient

from courses.models import Course
from tests import factories

pytestmark = pytest.mark.django_db
