"""Behind cost.py: each module measures one thing, beside what it is compared with, in alternate rounds."""
