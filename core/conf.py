"""Constants that several rooms share."""

API_PREFIX = "/api/"
