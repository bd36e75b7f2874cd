"""Subscriptions, services and plans over HTTP."""
