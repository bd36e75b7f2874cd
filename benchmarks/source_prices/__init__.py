"""The source's own design of prices (001_41114735afbfaabd.txt), for comparison.

One task for each subscription, sent before the service is saved; celery-singleton as it comes.
"""
