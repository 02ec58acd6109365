"""The client's settings: what wins, what is told about mistakes, and that none keeps it from starting."""

from pathlib import Path

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui import language
from voicechat_tui.settings.loading import Loaded, Source, load
from voicechat_tui.settings.model import Settings, variable
from voicechat_tui.settings.writing import typed


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file, which is not there yet."""
    monkeypatch.setenv("VOICECHAT_TUI_CONFIG", str(tmp_path / "tui.toml"))
    return tmp_path / "tui.toml"


def loaded(file: Path, text: str, **environment: str) -> Loaded:
    file.write_text(text, encoding="utf-8")
    return load(environment)


def problem(file: Path, text: str, **environment: str) -> str:
    found = loaded(file, text, **environment).problem
    assert found is not None
    assert found.code is ErrorCode.BAD_SETTING
    return str(found)


def test_without_a_file_the_defaults_hold(file: Path) -> None:
    assert load({}) == Loaded(Settings(), None, file)


def test_the_file_wins_over_the_defaults_and_the_environment_over_the_file(file: Path) -> None:
    found = loaded(
        file, 'user = "anna"\nurl = "voice.example:9000"\njournal = true\n', VOICECHAT_TUI_USER="安娜"
    )
    assert found.problem is None
    assert found.settings == Settings(user="安娜", url="voice.example:9000", journal=True)
    assert [found.source(key) for key in ("user", "url", "theme")] == [
        Source.VARIABLE,
        Source.FILE,
        Source.DEFAULT,
    ]


def test_the_command_line_wins_over_all_and_a_wrong_value_has_no_source(file: Path) -> None:
    file.write_text('url = "a.example"\nuser = "anna"\ntheme = "purple"\n', encoding="utf-8")
    found = load({"VOICECHAT_TUI_URL": "b.example"}, {"url": "c.example", "user": None})
    assert (found.settings.url, found.source("url")) == ("c.example", Source.OPTION)
    assert (found.settings.user, found.source("user")) == ("anna", Source.FILE)
    assert (found.settings.theme, found.source("theme")) == ("auto", Source.DEFAULT)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("url", " voice.example:8000 ", "voice.example:8000"),
        ("url", "", None),
        ("user", "安娜", "安娜"),
        ("pre_roll_ms", "250", 250),
        ("reconnect_s", "2.5", 2.5),
    ],
)
def test_what_a_person_writes_for_a_setting(key: str, text: str, value: object) -> None:
    assert typed(key, text) == value


@pytest.mark.parametrize(
    ("key", "text", "reason"),
    [
        ("url", "not a url !!", "'not a url !!' is not the address of a server"),
        ("url", "http://", "is not the address of a server"),
        ("url", "ftp://host", "is not the address of a server"),
        ("url", "host:99999", "is not the address of a server"),
        ("url", "http://anna:hunter2@host name", "'http://***@host name' is not the address"),
        ("user", "x" * 65, "it has more than 64 characters"),
        ("pre_roll_ms", "many", "it must be a whole number"),
        ("pre_roll_ms", "-1", "it must be at least 0"),
        ("pre_roll_ms", "1.5", "it must be a whole number"),
        ("journal_max_mb", "0", "it must be at least 1"),
        ("reconnect_s", "nan", "it must be"),
        ("wait_ready_s", "9999", "it must be at most 3600"),
    ],
)
def test_what_can_not_be_used_is_refused_in_words(key: str, text: str, reason: str) -> None:
    with pytest.raises(VoicechatError) as caught:
        typed(key, text)
    assert reason in caught.value.message
    assert "hunter2" not in str(caught.value)


def test_an_empty_variable_counts_as_unset(file: Path) -> None:
    found = loaded(file, 'user = "anna"', VOICECHAT_TUI_USER="")
    assert (found.settings.user, found.source("user")) == ("anna", Source.FILE)


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_has_a_variable(file: Path, field: str) -> None:
    value = {
        "url": "example:1",
        "user": "anna",
        "language": "zh",
        "theme": "mono",
        "log_level": "debug",
        "keys": '{"talk": "f2, ctrl+t"}',
        "warm_microphone": "false",
        "journal": "yes",
    }.get(field, "7")
    found = load({variable(field): value})
    assert found.problem is None
    assert getattr(found.settings, field) != getattr(Settings(), field)


def test_keys_are_texts_or_lists(file: Path) -> None:
    found = loaded(file, '[keys]\ntalk = "f2, ctrl+t"\nmute = ["f3", "comma"]\nquit = ""\n')
    assert found.settings.keys == {"talk": ("f2", "ctrl+t"), "mute": ("f3", "comma"), "quit": ()}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("theme = dark\n", "line 1, column 9"),
        ('user = "anna"\n\njournal = yes\n', "line 3, column 11"),
        ('user = "anna\n', "line 1, column 13"),
        ("just words", "line 1"),
        ("theme = ", "line 1"),
        ('theme = "dark"\ntheme = "light"\n', "line 2"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(file: Path, text: str, place: str) -> None:
    found = loaded(file, text)
    assert f"{file}, {place}" in str(found.problem)
    assert found.settings == Settings()


def test_a_value_that_can_not_be_used_is_told_with_its_place_and_the_rest_holds(file: Path) -> None:
    found = loaded(file, 'user = "anna"\n# my colours\ntheme =   "purple"\n')
    assert f"{file}, line 3, column 11: theme is 'purple': it must be one of 'auto', 'dark'" in str(
        found.problem
    )
    assert "Colours:" in str(found.problem)
    assert found.settings == Settings(user="anna")


def test_a_wrong_key_of_the_keymap_is_told_with_its_place(file: Path) -> None:
    assert f"{file}, line 4, column 8: keys.mute is 3" in problem(file, "[keys]\ntalk = 'f2'\n\nmute = 3\n")


def test_a_wrong_variable_is_told_by_its_name_and_the_default_holds(file: Path) -> None:
    found = loaded(file, 'theme = "dark"', VOICECHAT_TUI_THEME="purple")
    assert "VOICECHAT_TUI_THEME: theme is 'purple'" in str(found.problem)
    assert found.settings.theme == "auto"


def test_an_unknown_key_is_refused_with_the_nearest_one(file: Path) -> None:
    told = problem(file, 'uzer = "anna"')
    assert f"{file}, line 1, column 8: there is no setting uzer." in told
    assert "Did you mean user?" in told


def test_an_unknown_variable_is_refused_with_the_nearest_one(file: Path) -> None:
    told = problem(file, "", VOICECHAT_TUI_UZER="anna")
    assert "VOICECHAT_TUI_UZER" in told
    assert "Did you mean VOICECHAT_TUI_USER?" in told


def test_variables_of_the_server_and_of_places_are_left_alone(file: Path) -> None:
    others = {"VOICECHAT_PORT": "1", "VOICECHAT_TUI_LOG": "x", "VOICECHAT_TUI_DATA": "y"}
    assert load(others).problem is None


def test_all_problems_are_told_at_once(file: Path) -> None:
    told = problem(file, 'uzer = "anna"\npre_roll_ms = -1\nurl = "ftp://x"\n')
    for name in ("uzer", "pre_roll_ms", "'ftp://x' is not the address of a server"):
        assert name in told


def test_a_file_that_is_not_utf_8_is_told_with_its_place(file: Path) -> None:
    file.write_bytes('theme = "dark"\nuser = "安娜"\n'.encode("gbk"))
    found = load({})
    assert f"{file}, line 2, column 9: this is not UTF-8." in str(found.problem)
    assert found.settings == Settings()


def test_a_byte_order_mark_as_windows_writes_it_does_no_harm(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + b'user = "anna"\r\n')
    assert load({}) == Loaded(Settings(user="anna"), None, file, {"user": Source.FILE})


def test_a_directory_in_place_of_the_file_is_told(file: Path) -> None:
    file.mkdir()
    found = load({})
    assert f"{file} can't be read: Is a directory." in str(found.problem)


def test_a_command_nobody_watches_refuses_wrong_settings(file: Path) -> None:
    with pytest.raises(VoicechatError, match="theme"):
        loaded(file, "theme = 1").required()
    assert loaded(file, 'theme = "dark"').required().theme == "dark"


def test_problems_are_told_in_chinese(file: Path) -> None:
    language.use("zh")
    assert "是否想写 user？" in problem(file, 'uzer = "anna"')


def test_the_limits_of_a_stream_follow_the_settings() -> None:
    policy = Settings(wait_ready_s=2, reconnect_s=9).policy
    assert (policy.not_ready_s, policy.unreachable_s, policy.lost_s) == (2, 2, 9)
