"""The interface's language: how it is chosen, and that every text of the code has its translation."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from voicechat_tui import language
from voicechat_tui.language import catalog

CLIENT = Path(language.__file__).parents[1]


def texts_in_code() -> dict[str, str]:
    """Every text that the client's code gives to a function of `language`, with the file it stands in."""
    found: dict[str, str] = {}
    for file in sorted(CLIENT.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = f"{file.relative_to(CLIENT)}:{node.lineno}"
                for argument in translated(node.func.id, node.args):
                    assert isinstance(argument, ast.Constant), f"{place}: only a text itself can be found"
                    found[str(argument.value)] = place
    return found


def translated(function: str, arguments: list[ast.expr]) -> list[ast.expr]:
    """The arguments of a call that need a translation."""
    if function == "_" and not isinstance(arguments[0], ast.Constant | ast.JoinedStr | ast.BinOp):
        return []  # A variable: its text was marked where it was written down.
    return {"_": arguments[:1], "mark": arguments[:1], "plural": arguments[2:3]}.get(function, [])


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_text_has_a_chinese_one() -> None:
    absent = {text: place for text, place in texts_in_code().items() if text not in catalog.chinese()}
    assert absent == {}


def test_every_chinese_text_belongs_to_one_in_the_code() -> None:
    assert set(catalog.chinese()) - set(texts_in_code()) == set()


def test_no_text_stands_in_two_tables() -> None:
    texts = [text for table in catalog.tables() for text in catalog.read(table)]
    assert sorted(texts) == sorted(set(texts))


def test_both_languages_name_the_same_values() -> None:
    for english, text in catalog.chinese().items():
        assert names_in(text) == names_in(english), english


def test_chinese_texts_are_chinese() -> None:
    english = {text for text in catalog.chinese().values() if not re.search("[\u4e00-\u9fff]", text)}
    assert english == set()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "zh"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.GBK"}, "zh"),
        ({"LANG": "zh_TW"}, "zh"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:zh_CN:en"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
    ],
)
def test_the_locale_chooses(environment: dict[str, str], expected: str) -> None:
    assert language.of_locale(environment) == expected


def test_the_process_follows_its_locale_until_a_language_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    assert language.current() == "zh"
    language.use("en")
    assert language.current() == "en"


def test_a_text_without_translation_stays_english() -> None:
    language.use("zh")
    assert (
        language.translate("{what} that nobody translated", what="A text") == "A text that nobody translated"
    )


def test_braces_without_values_are_left_alone() -> None:
    assert language.translate("a {brace}") == "a {brace}"


def test_one_and_many() -> None:
    language.use("en")
    said = [language.plural(count, "{count} thing", "{count} things") for count in (0, 1, 2)]
    assert said == ["0 things", "1 thing", "2 things"]
