"""Accounts over HTTP: signing in, users, Telegram."""
