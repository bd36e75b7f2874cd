"""Behind ``python -m benchmarks.generations``: two builds of the cache, measured in alternate rounds.

=================  ======================================================================================
__main__.py        starts the servers and a process for each build, and prints medians and ratios
gauge/             an app of its own that runs on either build: what is not in this folder comes from the
                   checkout whose path a process is given
=================  ======================================================================================
"""
