"""Who is compared. ``CONTESTANT`` in the environment picks one for a process."""

import functools
import os

from django.utils.module_loading import import_string

from benchmarks.history.contestants.base import Contestant

_HERE = "benchmarks.history.contestants"
CONTESTANTS = {
    "syllabus": f"{_HERE}.product.Product",
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


@functools.cache
def current() -> Contestant:
    """The contestant of this process."""
    contestant: type[Contestant] = import_string(CONTESTANTS[os.environ["CONTESTANT"]])
    return contestant()
