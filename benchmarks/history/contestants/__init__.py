"""The caches that are compared. ``CONTESTANT`` in the environment selects that of a process."""

import functools
import os
import sys
from importlib.util import find_spec

from django.utils.module_loading import import_string

from benchmarks.history.contestants.base import Contestant

_HERE = "benchmarks.history.contestants"
OURS = PRODUCT, EDGE_WSGI, EDGE_ASGI = "syllabus", "edge-wsgi", "edge-asgi"
CONTESTANTS = {
    PRODUCT: f"{_HERE}.product.Product",
    EDGE_WSGI: f"{_HERE}.edge.EdgeWSGI",
    EDGE_ASGI: f"{_HERE}.edge.EdgeASGI",
    "no-cache": f"{_HERE}.base.Contestant",
    "post_save": f"{_HERE}.naive.DeleteInPostSave",
    "post_save-best": f"{_HERE}.naive.DeleteInPostSaveAndExplicitly",
    "on_commit": f"{_HERE}.naive.DeleteOnCommit",
    "on_commit-best": f"{_HERE}.naive.DeleteOnCommitAndExplicitly",
    "cacheops": f"{_HERE}.cacheops.Cacheops",
    "cacheops-keep_fresh": f"{_HERE}.cacheops.CacheopsKeepFresh",
    "cacheops-best": f"{_HERE}.cacheops.CacheopsAtItsBest",
    "cachalot": f"{_HERE}.cachalot.Cachalot",
    "cachalot-best": f"{_HERE}.cachalot.CachalotAtItsBest",
}
# Not among the contestants: benchmarks/releases.py runs these two side by side.
RELEASES = {
    "release-1": f"{_HERE}.releases.Release",
    "release-2": f"{_HERE}.releases.NextRelease",
}


@functools.cache
def current() -> Contestant:
    """Return the contestant of this process."""
    contestant: type[Contestant] = import_string((CONTESTANTS | RELEASES)[os.environ["CONTESTANT"]])
    return contestant()


def installed() -> list[str]:
    """Return the contestants that can run here. What the others lack is printed on standard error."""
    found = []
    for name, path in CONTESTANTS.items():
        package = import_string(path).apps[0].partition(".")[0]
        if find_spec(package):
            found.append(name)
        else:
            print(f"{name}: {package} is not installed (requirements-bench.txt)", file=sys.stderr)
    return found
