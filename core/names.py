"""Names that people give to things: how they are stored, and which of them are the same.

A name is stored in Unicode's form NFKC, without spaces around it. Two names are the same if their keys
are equal: letter case, composed or decomposed accents, invisible characters and the amount of space
between words make no difference. The database computes the key itself (``name_key``, an immutable SQL
function made by core/migrations/0001_name_key.py), in a unique index, so ``update()``, ``bulk_create()``
and plain SQL keep the rule, too. ``name_key`` here returns the same key.

::

    class Topic(models.Model):
        name = NameField(_("name"), max_length=100)

        class Meta:
            constraints = [UniqueName(NameKey("name"), name="topic_name_unique", violation_error_message=…)]
"""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User

Row = TypeVar("Row", bound=models.Model)

INVISIBLE_NAME = _("A name needs at least one visible character.")

# Both are bracket expressions of Python's ``re`` and of PostgreSQL's. Controls, and what Unicode lists
# as Default_Ignorable_Code_Point: soft hyphens, joiners, marks of direction, variation selectors, tags.
INVISIBLE = (
    r"[\u0001-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Whitespace, and the Braille pattern without dots.
SPACES = r"[\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000]+"
# Normalizing many combining characters takes the square of their number: a megabyte of them takes minutes.
# No field allows as many characters as this, so a longer text is refused for its length.
MAX_NORMALIZED = 2_000
LINE_BREAKS = re.compile(r"[\u0009-\u000d\u001c-\u001f\u0085\u2028\u2029]+")
SHARP_S = "ßẞ"  # the only letters whose folded form is longer, once a name is decomposed


def normalize_name(text: str) -> str:
    """Return a name as it is stored: NFKC, on one line, without spaces around it.

    A text that is longer than any name is returned as it is, for the field's ``max_length`` to refuse.
    """
    if len(text) > MAX_NORMALIZED:
        return text
    return LINE_BREAKS.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def name_key(text: str) -> str:
    """Return what is equal of names that are the same; empty for a name that shows nothing."""
    visible = re.sub(INVISIBLE, "", unicodedata.normalize("NFKD", text))
    return re.sub(SPACES, " ", unicodedata.normalize("NFKC", visible.casefold())).strip(" ")


def display_name(user: User) -> str:
    """Return the full name of a user; the user name where it shows nothing."""
    full_name: str = user.get_full_name()
    return full_name if name_key(full_name) else user.get_username()


def validate_visible(name: str) -> None:
    """Raise ValidationError for a name of invisible characters only."""
    if not name_key(name[:MAX_NORMALIZED]):
        raise ValidationError(INVISIBLE_NAME, code="invisible")


class NameKey(models.Func):
    """The key of a name, computed by the database."""

    function = "name_key"
    output_field = models.TextField()


def same_name(rows: models.QuerySet[Row], name: str) -> models.QuerySet[Row]:
    """Return those of the rows whose ``name`` is the same as this one; by the index of ``UniqueName``."""
    key = NameKey(models.Value(name, output_field=models.TextField()))
    found: Any = rows.alias(_name_key=NameKey("name")).filter(_name_key=key)
    return found  # type: ignore[no-any-return]


class NameFormField(forms.CharField):
    """A text field of a form that normalizes a name before it measures it."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return normalize_name(text) if isinstance(text, str) else text


class NameField(models.CharField):  # type: ignore[type-arg]  # no such thing at run time
    """A name. Forms, the admin and serializers normalize it, then validate it."""

    default_validators = [validate_visible]

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return normalize_name(text) if isinstance(text, str) else text

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": NameFormField, **kwargs})


class UniqueName(models.UniqueConstraint):
    """At most one row with the same name. In a form the error belongs to the field ``name``."""

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: set[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        """Raise ValidationError for a row whose name is taken, whatever fields its form has."""
        of_condition = {one[0] for one in getattr(self.condition, "children", ()) if isinstance(one, tuple)}
        try:
            super().validate(model, instance, set(exclude or ()) - of_condition, using)
        except ValidationError as error:
            raise ValidationError({"name": error.error_list}) from error


def name_key_sql() -> str:
    """Return the statement that creates the SQL function ``name_key``."""
    folds = _single_folds()
    upper, lower = "".join(folds), "".join(folds.values())
    return f"""
CREATE OR REPLACE FUNCTION name_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $function$
SELECT btrim(regexp_replace(
    CASE WHEN octet_length(visible) = char_length(visible) THEN lower(visible COLLATE "C")
    ELSE normalize(
        translate(
            replace(replace(visible, '{SHARP_S[0]}', 'ss'), '{SHARP_S[1]}', 'ss'), '{upper}', '{lower}'),
        NFKC)
    END, '{SPACES}', ' ', 'g'), ' ')
FROM regexp_replace(normalize(name, NFKD), '{INVISIBLE}', '', 'g') AS visible
$function$
"""  # noqa: S608  (made of constants)


def _single_folds() -> Mapping[str, str]:
    """Return what ``casefold`` makes of each letter that NFKD leaves as it is, but for ``SHARP_S``."""
    characters = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    return {
        one: folded
        for one in characters
        if (folded := one.casefold()) != one and one not in SHARP_S and unicodedata.is_normalized("NFKD", one)
    }
