"""Read by gunicorn from the folder where it is started; options on its command line beat these."""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# What is not configured is reported here, once: a worker would be started again and again. So settings
# are read once; new ones need a restart, not a HUP.
_ = settings.DEBUG

workers = 2
threads = 4
keepalive = 75
limit_request_line = 8190
control_socket_disable = True
