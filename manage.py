#!/usr/bin/env python
"""Django's command line. In a checkout, devtools starts the servers for which no address is configured."""

import os
import sys
from importlib.util import find_spec


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        " ".join(sys.argv).encode()
    except UnicodeEncodeError:
        sys.exit(f"An argument is not UTF-8: {' '.join(sys.argv[1:])!a}")
    if find_spec("devtools"):  # the image has none
        from devtools.environment import prepare_command

        prepare_command(sys.argv)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
