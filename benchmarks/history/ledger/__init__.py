"""The small app whose rows all contestants cache."""
