"""How a process reaches Redis: connections, topologies, scripts, and the circuit breaker.

``topology``   from a configuration to what answers commands: start here
``addresses``  the one place that understands addresses
``client``     connections to one server; every failure is ``caching.errors.RedisUnavailable``
``cluster``    one client for each node of a Redis Cluster
``slots``      which node of a cluster holds what
``sentinel``   connections to the master that Sentinels name
``directory``  servers that know where the data is: Sentinels, nodes of a cluster
``connection`` one exchange on one connection
``packing``    commands as the server reads them
``replies``    what an error reply says about the server
``scripts``    Lua scripts
``breaker``    stops asking a server that does not answer
``checks``     one database must not hold the cache and the broker
"""
