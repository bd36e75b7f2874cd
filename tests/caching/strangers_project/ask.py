"""One request in a process of its own.

::

    python ask.py read PK            prints X-Cache and the name of a product
    python ask.py rename PK NAME
    python ask.py killed STEP PK NAME    renames, and is killed when it reaches STEP of the cache
"""

import os
import signal
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django

django.setup()

from shop.cache import product_detail  # noqa: E402
from shop.models import Product  # noqa: E402

from caching.testing import announced_steps, timing  # noqa: E402

OVERDUE_SECONDS = 0.3  # the age at which other processes examine a fence


def read(pk):
    result = product_detail.get(pk=pk)
    print(result.x_cache, result.value["name"])


def rename(pk, name):
    Product.objects.filter(pk=pk).update(name=name)


def killed(step, pk, name):
    def reach(reached):
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    with announced_steps(reach), timing(overdue=OVERDUE_SECONDS):
        rename(pk, name)


if __name__ == "__main__":
    command, *words = sys.argv[1:]
    {"read": read, "rename": rename, "killed": killed}[command](*words)
