"""Embedded servers: a real PostgreSQL and a real Redis for a machine without configured addresses."""
