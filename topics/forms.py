"""What the page takes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from topics.models import NAME_CHARACTERS, Topic

TAKEN = _("There is already a topic with this name.")


class TopicForm(forms.ModelForm):  # type: ignore[type-arg]  # no such thing at run time
    class Meta:
        model = Topic
        fields = ["name"]
        error_messages = {
            "name": {
                "required": _("A topic needs a name."),
                "max_length": _(
                    "A name has at most %(limit_value)d characters; this one has %(show_value)d."
                ),
                "unique": TAKEN,
            }
        }

    def try_to_save(self) -> bool:
        """Save, or tell why not in ``errors``: also for a name that is taken at this very moment."""
        if not self.is_valid():
            return False
        try:
            self.save()
        except IntegrityError:
            self.add_error("name", TAKEN)
            return False
        return True


class ListForm(forms.Form):
    """Which topics to show. What is not understood counts as not given: an address may be typed."""

    search = forms.CharField(max_length=NAME_CHARACTERS, required=False)
    page = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    mine = forms.BooleanField(required=False)

    def chosen(self) -> dict[str, Any]:
        """``search``, ``page`` and ``mine``; those that are not given are left out."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
