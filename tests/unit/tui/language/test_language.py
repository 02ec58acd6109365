"""The interface's language: how it is chosen, and that every text of the code has its translation."""

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
import typer
from pydantic_core.core_schema import ErrorType

import voicechat_common
import voicechat_server
from voicechat_common.mistakes import reason
from voicechat_tui import cli, language
from voicechat_tui.client.connection.failures import server_words
from voicechat_tui.commands.help import HelpfulCommand, HelpfulGroup
from voicechat_tui.language import catalog, foreign, spoken

CLIENT = Path(language.__file__).parents[1]
COMMON = Path(voicechat_common.__file__).parent
SERVER = Path(voicechat_server.__file__).parent
TELLS = {"VoicechatError", "_bad", "ValueError"}
TELL_NO_CLIENT = {
    "authority.py",
    "database.py",
    "durations.py",
    "key_file.py",
    "keys.py",
    "migrate.py",
    "server.py",
    "wire.py",
}
"""What they tell, they tell whoever starts the server."""


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


def texts_of_help() -> dict[str, str]:
    """Every text of the commands' help, with the command that it belongs to."""
    group = typer.main.get_command(cli.app)
    assert isinstance(group, HelpfulGroup)
    found: dict[str, str] = {}
    for command in (group, *group.commands.values()):
        assert isinstance(command, HelpfulGroup | HelpfulCommand)
        texts = [command.texts["help"], *command.texts["epilog"].texts]
        for parameter in command.get_params(typer.Context(command)):
            texts += [getattr(parameter, name, None) for name in ("help", "rich_help_panel")]
        found |= {text: str(command.name) for text in texts if text}
    return found


def told_to_clients() -> Iterator[tuple[str, str]]:
    """What the server and the checks it shares with the client tell, a 7 for each value, and where."""
    folders = ("api", "chat", "identity", "asr/capacity", "asr/recognition", "asr/streams")
    files = [*COMMON.rglob("*.py"), SERVER / "asr/engine.py"]
    files += [file for folder in folders for file in (SERVER / folder).rglob("*.py")]
    for file in sorted(file for file in files if file.name not in TELL_NO_CLIENT):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TELLS:
                for text in filter(None, map(text_of, node.args)):
                    if re.search("[a-z]", text):
                        yield text, f"{file.name}:{node.lineno}"


def text_of(argument: ast.expr) -> str | None:
    match argument:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
        case _:
            return None


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_text_has_a_chinese_one() -> None:
    texts = texts_in_code() | texts_of_help()
    assert {text: place for text, place in texts.items() if text not in catalog.chinese()} == {}


def test_what_a_server_tells_has_a_chinese_text() -> None:
    told = dict(told_to_clients())
    assert len(told) > 80
    assert {text: place for text, place in told.items() if foreign.in_chinese(text) is None} == {}


def test_what_can_be_wrong_with_a_value_has_a_chinese_text() -> None:
    for kind in get_args(ErrorType):
        limits = dict.fromkeys(("min_length", "max_length", "gt", "ge", "lt", "le"), 7) | {"expected": "'a'"}
        why = reason({"type": kind, "msg": "Value error, it is empty", "ctx": limits})
        assert foreign.in_chinese(why), why


def test_every_chinese_text_belongs_to_one_in_the_code() -> None:
    assert set(catalog.chinese()) - set(texts_in_code()) - set(texts_of_help()) == set()


def test_no_text_stands_in_two_tables() -> None:
    own = [table for table in catalog.tables() if table.name != "foreign.toml"]
    texts = [text for table in own for text in catalog.read(table)]
    assert sorted(texts) == sorted(set(texts))


def test_both_languages_name_the_same_values() -> None:
    for english, text in {**catalog.chinese(), **catalog.foreign()}.items():
        assert names_in(text) == names_in(english), english


def test_chinese_texts_are_chinese() -> None:
    english = {
        text for text in catalog.chinese().values() if not re.search("[\u3001-\u9fff\uff01-\uff1f]", text)
    }
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


@pytest.mark.parametrize(
    ("told", "chinese"),
    [
        (
            "The chat 'c' was ended by 'anna' at 2026-11-24T15:04:05+00:00, and takes no more messages.",
            "聊天 'c' 已由 'anna' 于 2026-11-24 15:04 结束，不再接收消息。",
        ),
        (
            "The request has a field that can't be used: body.title: it is empty; body.user: it is missing.",
            "请求中有不能使用的字段：body.title：内容为空；body.user：没有填写。",
        ),
        (
            "The recogniser is not ready: Downloading x: 3 of 880 MB (1% done).",
            "识别器还没有就绪：正在下载 x：880 MB 中的 3 MB（已完成 1%）。",
        ),
        (
            (
                "The recogniser is not ready: ModelScope was not reachable at http://x: refused; "
                "the next try is in 12 s."
            ),
            "识别器还没有就绪：无法连接 ModelScope（http://x）：refused；12 秒后重试。",
        ),
        (f"There is no chat '{'0123abcd' * 4}'.", "没有聊天 '0123abcd…'。"),
        (
            "WebSockets are at /ws (audio) and /chatting (chats), not at '/x'.",
            "WebSocket 位于 /ws（音频）和 /chatting（聊天），不在 '/x'。",
        ),
        ("The chat database failed: its disk is full.", "聊天数据库出错：磁盘已满。"),
        ("Hello: it is empty here", "Hello: it is empty here"),
    ],
)
def test_what_others_say_is_told_in_chinese_with_its_values(
    monkeypatch: pytest.MonkeyPatch, told: str, chinese: str
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    language.use("zh")
    assert spoken(told) == chinese


def test_people_read_no_times_and_ids_for_programs_and_programs_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    said = f"The chat '{'0123abcd' * 4}' was ended at 2026-11-24T15:04:05+00:00."
    language.use("en")
    assert spoken(said) == "The chat '0123abcd…' was ended at 2026-11-24 15:04."
    language.use_for_programs()
    assert spoken(said) == said


def test_an_error_in_words_nobody_knows_is_told_by_its_code() -> None:
    language.use("zh")
    assert server_words("storage", "Some new words.", "Some advice.") == (
        "服务器现在无法保存内容。",
        "请查看服务器的日志。",
    )
    assert server_words("new_code", "Some new words.", "Some advice.")[0] == "服务器出错。"
    language.use("en")
    assert server_words("storage", "Some new words.", "Some advice.") == ("Some new words.", "Some advice.")


def test_what_the_system_says_is_told_in_chinese() -> None:
    language.use("zh")
    assert language.translate("{path} can't be written: {reason}.", path="a", reason="Permission denied") == (
        "无法写入 a：没有权限。"
    )


def test_an_address_is_shown_without_its_login_wherever_it_stands_in_a_text() -> None:
    assert language.translate("Asking {url}…", url="http://anna:hunter2@host") == "Asking http://***@host…"
