"""The product's settings, and the source's design beside it."""

from config.settings import *  # noqa: F403

INSTALLED_APPS.insert(-1, "benchmarks.source_prices.apps.SourcePricesConfig")  # noqa: F405
