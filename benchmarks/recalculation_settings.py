"""The project's settings, with the app of the source's design."""

from config.settings import *  # noqa: F403

INSTALLED_APPS.insert(-1, "benchmarks.source_prices.apps.SourcePricesConfig")  # noqa: F405
