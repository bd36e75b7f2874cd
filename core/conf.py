"""Constants that several rooms share."""

API_PREFIX = "/api/"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}  # of RFC 9110: they change nothing
