"""The project's settings on the tests' own PostgreSQL and Redis, one pair for each xdist worker.

What the developer has configured, in the environment or in .env, is never touched.
"""

import os
import sys

from config.environment import ROOT
from devtools.environment import ensure_servers, reset_configuration
from tests.support.own_servers import relax_servers

reset_configuration(ROOT / "var" / "tests" / os.environ.get("PYTEST_XDIST_WORKER", "main"))
os.environ["DEBUG"] = "0"
os.environ["DJANGO_SECRET_KEY"] = "only-for-tests-" + "x" * 50
# Tests make millions of rows in one statement, or two processes of a busy machine do so at once.
os.environ["DB_STATEMENT_TIMEOUT"] = "120"
os.environ["DB_CONNECT_TIMEOUT"] = "20"
ensure_servers()
relax_servers()

# The processes that tests start read what has been compiled, wherever it is switched off (in containers).
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if os.environ.get("TEST_REDIS") == "cluster":  # the core's tests a second time: make test does both
    from tests.support.redis_cluster import start_cluster

    os.environ["REDIS_CLUSTER"] = ",".join(f"{host}:{port}" for host, port in start_cluster())

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; no real password
INSTALLED_APPS[-1:-1] = ["devtools.apps.DevtoolsConfig", "tests.caching.testapp.apps.TestAppConfig"]  # noqa: F405
INSTALLED_APPS.insert(0, "tests.support")  # noqa: F405  (its flush)
WHITENOISE_AUTOREFRESH = True  # nothing is collected for tests
LOGGING["handlers"]["console"]["class"] = "tests.support.stderr.StderrHandler"  # noqa: F405
