"""What fields accept, in words: the answer to a value that a field refuses, in bodies and queries."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rest_framework import serializers

if TYPE_CHECKING:
    from collections.abc import Mapping

MUST_BE = "Must be "
MOMENT = "a date and time with its offset from UTC, such as 2030-01-31T09:00:00Z"
# Messages that say what is accepted themselves: that there has to be a value; from when to when.
CLEAR = {"required", "overflow"}
# Of validators that every text has; the other codes are those of the field's own messages.
CHARACTERS = {"null_characters_not_allowed", "surrogate_characters_not_allowed"}


def describe(field: Any) -> str:
    """Return in words what a field accepts; empty for a field that only its own messages describe."""
    match field:
        case serializers.ChoiceField():
            return f"one of {', '.join(map(str, field.choices))}"
        case serializers.BooleanField():
            return "true or false"
        case serializers.IntegerField():
            return f"a whole number{_range(field.min_value, field.max_value)}"
        case serializers.DecimalField():
            return _describe_decimal(field)
        case serializers.DateTimeField():
            return MOMENT
        case serializers.EmailField():
            return f"an e-mail address such as name@example.com, of at most {field.max_length} characters"
        case serializers.RegexField():
            return ""
        case serializers.CharField():
            return f"a text{_length(field)}, without NUL"
    return ""


def refusal(field: Any) -> str:
    """Return the message for a value that a field refuses; empty as ``describe``."""
    accepted = describe(field)
    return f"{MUST_BE}{accepted}{', or null' if field.allow_null else ''}." if accepted else ""


def say_what_is_accepted(fields: Mapping[str, Any], errors: Any) -> dict[str, Any]:
    """Return the errors of a serializer, by field, with what each field accepts.

    Errors of rules that are no field's own, such as a name that is taken, stay as they are.
    """
    return {name: _say(fields.get(name), found) for name, found in errors.items()}


def _say(field: Any, found: Any) -> Any:
    if isinstance(found, dict):  # of the values of a list, by position
        child = getattr(field, "child", None)
        return {position: _say(child, inner) for position, inner in found.items()}
    return [(refusal(field) or error) if _is_of(field, error) else error for error in found]


def _is_of(field: Any, error: Any) -> bool:
    """Return whether a field itself makes the error. Rules of a serializer have the code "invalid", too."""
    code, messages = getattr(error, "code", None), getattr(field, "error_messages", {})
    if code == "invalid":
        return str(error) == str(messages.get("invalid"))
    return code in CHARACTERS or code in messages.keys() - CLEAR


def _describe_decimal(field: serializers.DecimalField) -> str:
    upper = field.max_value
    if upper is None and field.max_whole_digits is not None and field.decimal_places is not None:
        upper = Decimal(10) ** field.max_whole_digits - Decimal(10) ** -field.decimal_places
    return (
        f"a number{_range(field.min_value, upper)}, with at most {field.decimal_places} decimal places "
        "and without an exponent"
    )


def _range(lower: Any, upper: Any) -> str:
    return (f" from {lower}" if lower is not None else "") + (f" to {upper}" if upper is not None else "")


def _length(field: serializers.CharField) -> str:
    lower, upper = field.min_length or (0 if field.allow_blank else 1), field.max_length
    if not lower:
        return "" if upper is None else f" of at most {upper} characters"
    some = f" of {lower} to {upper} characters" if upper else f" of at least {lower} characters"
    return f"{some}, not only spaces" if field.trim_whitespace else some
