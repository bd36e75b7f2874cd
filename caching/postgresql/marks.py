"""What statements and triggers say to each other (cursors.py, triggers.py)."""

MARK = "/*caching:alone*/"  # at the end of a statement that is not in a transaction, and seems to read
NEEDS_TRANSACTION = "CACHE"  # SQLSTATE of the error of a trigger that finds the mark
