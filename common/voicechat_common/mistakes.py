"""What is wrong with a value, in words for users; the library's are for programmers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

_WHOLE = "it must be a whole number"
_NUMBER = "it must be a number"
_SWITCH = "it must be true or false"
_TEXT = "it must be text"
_LIST = "it must be a list"
_TABLE = "it must be an object with fields"
_TIME = "it must be a time such as 2026-11-24T15:04:05Z"

_REASONS: dict[str, str | Callable[[Mapping[str, Any]], str]] = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field",
    "json_invalid": "it is not JSON",
    "json_type": "it is not JSON",
    "none_required": "it must be left out",
    "string_type": _TEXT,
    "string_sub_type": _TEXT,
    "string_unicode": "it contains something that is not a character",
    "string_too_short": lambda limits: _too_few(limits["min_length"], "character"),
    "string_too_long": lambda limits: f"it has more than {limits['max_length']} characters",
    "string_pattern_mismatch": "it is not in an accepted format",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "it must be a finite number",
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
    "greater_than": lambda limits: f"it must be more than {limits['gt']:g}",
    "greater_than_equal": lambda limits: f"it must be at least {limits['ge']:g}",
    "less_than": lambda limits: f"it must be less than {limits['lt']:g}",
    "less_than_equal": lambda limits: f"it must be at most {limits['le']:g}",
    "literal_error": lambda limits: _one_of(limits["expected"]),
    "enum": lambda limits: _one_of(limits["expected"]),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "dict_type": _TABLE,
    "mapping_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "dataclass_type": _TABLE,
    "too_short": lambda limits: _too_few(limits["min_length"], "entry"),
    "too_long": lambda limits: f"it has more than {limits['max_length']} entries",
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "timezone_aware": _TIME,
    "union_tag_not_found": "it does not say what kind it is",
    "union_tag_invalid": "it is of an unknown kind",
}


def reason(mistake: Mapping[str, Any]) -> str:
    """Return what is wrong with a value, without a full stop.

    Args:
        mistake: One of pydantic's errors, with its context.
    """
    kind = mistake["type"]
    if kind in ("value_error", "assertion_error"):
        # The message of one of our own checks.
        return str(mistake["msg"]).partition(", ")[2].removesuffix(".")
    found = _REASONS.get(kind, "it can't be used")
    return found if isinstance(found, str) else found(mistake.get("ctx", {}))


def mistakes(error: ValidationError) -> list[tuple[str, str]]:
    """Return each invalid field, or an empty name for the whole, with what is wrong with it."""
    found = error.errors(include_url=False, include_input=False)
    return [(".".join(str(part) for part in item["loc"]), reason(item)) for item in found]


def describe(error: ValidationError) -> str:
    """Return, in one line, what is wrong with which field."""
    return joined(mistakes(error))


def joined(found: Sequence[tuple[str, str]]) -> str:
    """Return fields and what is wrong with them as one line."""
    return "; ".join(f"{field}: {why}" if field else why for field, why in found)


def _too_few(least: int, what: str) -> str:
    if least == 1:
        return "it is empty"
    plural = "entries" if what == "entry" else f"{what}s"
    return f"it has fewer than {least} {plural}"


def _one_of(expected: str) -> str:
    """Return the allowed values, from a list such as `'a', 'b' or 'c'`."""
    choices = expected.replace(" or ", ", ").replace("True", "true").replace("False", "false")
    return f"it must be one of {choices}" if "," in choices else f"it must be {choices}"
