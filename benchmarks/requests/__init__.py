"""The parts of ``python -m benchmarks.requests``: requests of two checkouts, in alternate rounds."""
