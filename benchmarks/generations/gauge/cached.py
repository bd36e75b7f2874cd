"""The declarations, in the form of the build that is on ``sys.path``."""

from __future__ import annotations

import inspect
from typing import Any

from django.conf import settings
from django.db.models.signals import post_delete, post_save
from gauge.models import Child, One, Parent, Three

ROWS = 1_000  # of One and Three; the loads accept any number


def load_one(pk: int) -> dict[str, int]:
    return {"number": One.objects.values_list("number", flat=True).get(pk=int(pk) % ROWS + 1)}


def load_three(pk: int) -> dict[str, int]:
    return {"number": Three.objects.values_list("number", flat=True).get(pk=int(pk) % ROWS + 1)}


def load_page(page: int) -> list[int]:
    return list(Three.objects.order_by("pk").values_list("number", flat=True)[:20])


def load_total() -> int:
    return Three.objects.count()


def load_child(pk: int) -> dict[str, int]:
    return {"parent": Child.objects.select_related("parent").get(pk=pk).parent.number}


class Declarations:
    """The declarations of the app."""

    def __init__(self) -> None:
        from caching import Cached, CachedFamily

        one = {One: "pk"}
        three: dict[Any, str] = {Three: "pk"}
        every = {Three: "*"}
        child = {Child: "pk", Parent: "children__pk"}
        self.one = Cached("gauge:one:{pk}", ttl=300, load=load_one, **_on(one))
        self.three = Cached("gauge:three:{pk}", ttl=300, load=load_three, **_on(three))
        self.pages = CachedFamily("gauge:pages", ttl=300, load=load_page, **_on(every))
        self.total = Cached("gauge:total", ttl=300, load=load_total, **_on(every))
        self.child = Cached("gauge:child:{pk}", ttl=300, load=load_child, **_on(child))
        if not _declares():
            self._connect()

    def _connect(self) -> None:
        """Connect the receivers of the first generation."""
        from caching import rows_changed

        for signal in (post_save, post_delete):
            for model, touch in ((One, self._one), (Three, self._three), (Parent, self._parent)):
                signal.connect(_of_instance(touch), sender=model, weak=False)
        rows_changed.connect(self._one, sender=One)
        rows_changed.connect(self._three, sender=Three)
        rows_changed.connect(self._parent, sender=Parent)

    def _one(self, pks: Any, **_: Any) -> None:
        for pk in pks:
            self.one.touch(pk=pk)

    def _three(self, pks: Any, **_: Any) -> None:
        for pk in pks:
            self.three.touch(pk=pk)
        self.pages.touch()
        self.total.touch()

    def _parent(self, pks: Any, **_: Any) -> None:
        for pk in Child.objects.filter(parent__in=list(pks)).values_list("pk", flat=True):
            self.child.touch(pk=pk)


def _declares() -> bool:
    from caching import Cached

    return "depends_on" not in inspect.signature(Cached.__init__).parameters


def _on(paths: dict[Any, str]) -> dict[str, Any]:
    return {"invalidated_by": paths} if _declares() else {"depends_on": list(paths)}


def _of_instance(touch: Any) -> Any:
    def receive(instance: Any, **_: Any) -> None:
        touch([instance.pk])

    return receive


declarations = Declarations() if settings.CACHED else None
