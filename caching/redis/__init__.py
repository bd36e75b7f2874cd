"""The connection to Redis: topologies, clients, scripts, and the circuit breaker.

``topology``   makes the client for a configuration: start here
``addresses``  parses every form of address
``client``     connections to one server; every failure is ``caching.errors.RedisUnavailable``
``cluster``    one client for each node of a Redis Cluster
``slots``      the map from the slots of a cluster to its nodes
``sentinel``   connections to the master that Sentinels monitor
``directory``  finds an address by querying one of several servers: Sentinels, nodes of a cluster
``connection`` one exchange on one connection
``packing``    encodes commands
``replies``    classifies error replies
``scripts``    Lua scripts
``breaker``    the circuit breaker
``checks``     system check: the cache and the broker need different databases
"""
