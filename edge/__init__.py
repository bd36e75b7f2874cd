"""The edge: answers GETs of cached endpoints in front of Django, by one exchange with Redis.

It answers only hits, and refusals by the rate limiter, of requests without credentials; everything else goes
to Django. ``EDGE=0`` switches it off.

``wsgi``, ``asgi``  wrap Django's application: start here
``answering``       one request
``endpoints``       from an address to a cached value, through the URLconf
``exchange``        the exchange with Redis: value, rate limits and counter in one step
``templates``       the headers of responses, learned from Django's own
"""
