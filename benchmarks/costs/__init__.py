"""The parts of cost.py: each module compares one operation with others, in alternate rounds."""
