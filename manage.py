#!/usr/bin/env python
"""Django's command line. Importing ``config`` starts what is not configured (see devtools/embedded)."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["run"]:
        _develop_unless_told_otherwise()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def _develop_unless_told_otherwise() -> None:
    from devtools.embedded import load_environment

    load_environment()
    os.environ.setdefault("DEBUG", "1")


if __name__ == "__main__":
    main()
