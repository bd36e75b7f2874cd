"""Lists and tasks over HTTP."""
