"""The source's own design of prices (001_41114735afbfaabd.txt), for comparison.

It sends one task for each subscription before the service is saved, with celery-singleton's defaults.
"""
