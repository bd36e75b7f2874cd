"""Read by gunicorn from the folder where it is started; options on its command line beat these."""

import os
import resource

from django.conf import settings

from core import draining
from core.metrics_folder import ensure_folder

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# What is not configured is reported here, once: a worker would be started again and again. So settings
# are read once; new ones need a restart, not a HUP.
if settings.METRICS_ENABLED:
    ensure_folder()  # one for all workers

worker_class = "config.gunicorn_worker.Worker"
workers = 2
threads = 4
keepalive = 75
# A worker keeps more connections than gunicorn's 1,000. Each is an open file: a usual limit is 1,024.
_wanted, _others = 2_000, 200
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
_possible = _wanted + _others if _hard == resource.RLIM_INFINITY else min(_hard, _wanted + _others)
_files = max(_soft, _possible)
resource.setrlimit(resource.RLIMIT_NOFILE, (_files, _hard))
worker_connections = min(_wanted, _files - _others)
graceful_timeout = 30
limit_request_line = 8190
control_socket_disable = True
if settings.LOG_FORMAT == "json":
    logconfig_dict = {"formatters": {"generic": {"()": "core.log_format.JSONFormatter"}}}


def when_ready(_server):
    draining.delay_sigterm(settings.DRAIN_SECONDS)


def child_exit(_server, worker):
    if settings.METRICS_ENABLED:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)
