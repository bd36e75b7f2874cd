"""Behind ``python -m benchmarks.requests``: requests of two checkouts, measured in alternate rounds."""
