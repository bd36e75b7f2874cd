"""Accounts over HTTP: signing in, access tokens, users, and the page that verifies an e-mail."""
