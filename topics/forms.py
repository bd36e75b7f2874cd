"""What the page takes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core.names import NameFormField
from topics.models import MAX_NAME_LENGTH, NAME_TAKEN, Topic

UNIQUE_VIOLATION = "23505"  # SQLSTATE


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
            }
        }

    def try_to_save(self) -> bool:
        """Save and return True, or return False with ``errors``: also for a name taken at this moment.

        Raises:
            IntegrityError: the creator was deleted at this moment.
        """
        if not self.is_valid():
            return False
        try:
            with transaction.atomic():
                self.save()
        except IntegrityError as error:
            if getattr(error.__cause__, "pgcode", None) != UNIQUE_VIOLATION:
                raise
            self.add_error("name", NAME_TAKEN)
            return False
        return True


class ListForm(forms.Form):
    """Which topics to show. A value that is not valid counts as not given: an address may be typed."""

    search = NameFormField(max_length=MAX_NAME_LENGTH, required=False)
    page = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    mine = forms.BooleanField(required=False)

    def chosen(self) -> dict[str, Any]:
        """Return ``search``, ``page`` and ``mine``; those that are not given are left out."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
