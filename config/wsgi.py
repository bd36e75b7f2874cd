"""WSGI entry point: ``config.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()  # before what needs the apps

from edge.wsgi import wrap  # noqa: E402
<<<<<<< HEAD
from monitoring.middleware import observe_edge  # noqa: E402

application = wrap(django_application, observe_edge)
=======
from monitoring import operator_port  # noqa: E402
from monitoring.middleware import observe_edge  # noqa: E402

application = wrap(django_application, observe_edge)
operator_port.serve_in_forks()
>>>>>>> 2d43b8b8097745750c9443e96c54b7b45b0a241e
