"""A real PostgreSQL and a real Redis for a machine on which neither is configured."""
