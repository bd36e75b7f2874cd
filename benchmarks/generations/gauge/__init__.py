"""A little app, cached by whichever build is on the path."""
