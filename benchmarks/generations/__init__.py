"""The parts of ``python -m benchmarks.generations``: two builds of the cache, measured in alternate rounds.

=================  ======================================================================================
__main__.py        starts the servers and a process for each build, and prints medians and ratios
gauge/             an app that runs on either build: modules outside of this folder come from the checkout
                   whose path a process is given
=================  ======================================================================================
"""
