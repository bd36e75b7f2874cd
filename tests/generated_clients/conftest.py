"""The site and its worker as processes, and clients that know of them what the schema says."""

from __future__ import annotations

import sys
from contextlib import ExitStack

import pytest

from tests.edge.test_servers import serving
from tests.generated_clients.generate import python_client, typescript_program
from tests.support.workers import Worker


@pytest.fixture(scope="session")
def syllabus_client(tmp_path_factory):
    """The generated Python package; it can be imported."""
    folder = tmp_path_factory.mktemp("python")
    python_client(folder)
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def workflows(tmp_path_factory):
    """The TypeScript program, compiled with the generated types."""
    return typescript_program(tmp_path_factory.mktemp("typescript"))


@pytest.fixture
def site(transactional_db, tmp_path, smtp):
    """The address of a site with a worker of its own, whose mails go to ``smtp``."""
    environment = {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(smtp.port),
        "MEDIA_ROOT": str(tmp_path / "media"),
        "THROTTLE_ANON": "off",
    }
    with ExitStack() as stack:
        worker = Worker(tmp_path, concurrency=1, pool="solo", **environment)
        stack.callback(worker.stop)
        port = stack.enter_context(serving("gunicorn", **environment))
        worker.ready()
        yield f"http://127.0.0.1:{port}"
