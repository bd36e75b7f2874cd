"""How a process reaches Redis: connections, topologies, scripts, and the circuit breaker.

``client``     connections to one server; every failure is ``caching.errors.RedisUnavailable``
``cluster``    one client for each node of a Redis Cluster
``topology``   addresses: which of the two a configuration asks for, and how connections are made
``directory``  servers that know where the data is: Sentinels, nodes of a cluster
``replies``    what an error reply says about the server
``scripts``    Lua scripts
``breaker``    stops asking a server that does not answer
``checks``     one database must not hold the cache and the broker
"""
