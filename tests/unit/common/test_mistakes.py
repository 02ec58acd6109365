"""What is wrong with a value is said in this project's words, whatever the library that checks it says."""

from typing import Annotated, Any, Literal, get_args

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core.core_schema import ErrorType

from voicechat_common.mistakes import describe, reason


class Table(BaseModel):
    field: int


def mistake(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return describe(caught.value)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Table, {}, "field: it is missing"),
        (Table, {"field": "x"}, "field: it must be a whole number"),
        (Table, {"field": 1.5}, "field: it must be a whole number"),
        (Table, 3, "it must be an object with fields"),
        (str, 3, "it must be text"),
        (float, "x", "it must be a number"),
        (bool, "x", "it must be true or false"),
        (Annotated[str, Field(min_length=1)], "", "it is empty"),
        (Annotated[str, Field(min_length=3)], "ab", "it has fewer than 3 characters"),
        (Annotated[str, Field(max_length=2)], "abc", "it has more than 2 characters"),
        (Annotated[list[int], Field(min_length=1)], [], "it is empty"),
        (Annotated[list[int], Field(min_length=2)], [1], "it has fewer than 2 entries"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "it has more than 1 entries"),
        (Annotated[int, Field(gt=1)], 1, "it must be more than 1"),
        (Annotated[int, Field(ge=1)], 0, "it must be at least 1"),
        (Annotated[float, Field(lt=1.5)], 2, "it must be less than 1.5"),
        (Annotated[float, Field(le=1)], 2, "it must be at most 1"),
        (Literal["a", "b", "c"], "d", "it must be one of 'a', 'b', 'c'"),
        (Literal[True], False, "it must be true"),
        (Literal["a"], "b", "it must be 'a'"),
    ],
)
def test_a_mistake_in_our_words(kind: Any, value: object, expected: str) -> None:
    assert mistake(kind, value) == expected


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_no_kind_of_mistake_is_told_in_the_words_of_the_library(kind: str) -> None:
    limits = dict.fromkeys(("min_length", "max_length", "gt", "ge", "lt", "le"), 3) | {"expected": "'a'"}
    told = reason({"type": kind, "msg": "Value error, Input should be RAW", "ctx": limits})
    assert told
    if kind not in ("value_error", "assertion_error"):
        assert "Input" not in told
        assert "RAW" not in told
