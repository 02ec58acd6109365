"""Scenario files: what they may say, errors that name the key, and the comparison of texts."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.replay.scenario.compare import align, character_error_rate, comparable, diff
from voicechat_tui.replay.scenario.loader import load_scenario
from voicechat_tui.replay.scenario.model import Cut, Expect, Flush, Play, Silence, Stop, Wait


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "hello.wav", np.ones(1600, np.int16), 16_000)
    return tmp_path / "scene.toml"


def steps(text: str) -> str:
    return f'[[speaker]]\nname = "anna"\nsteps = [{text}]\n'


def test_every_step_is_understood(scenario: Path) -> None:
    scenario.write_text(
        'title = "A scene"\nspeed = inf\n[[speaker]]\nname = "anna"\nchat = "room"\nchunk_size = [0, 8, 4]\n'
        'endpointing = false\nsteps = [{ play = "hello.wav", speed = 2 }, { silence = 0.5 }, { wait = 1 },\n'
        '{ flush = true }, { cut = true }, { expect = "你好", max_cer = 0.1, of = "stream", within_s = 3 },\n'
        '{ stop = true }, { wait = 1 }, { expect = "" }]\n[[speaker]]\nname = "ben"\nsteps = [{ wait = 0 }]',
        encoding="utf-8",
    )
    scene = load_scenario(scenario)
    anna, ben = scene.speakers
    assert (scene.title, scene.speed, anna.chat, anna.chunk_size) == (
        "A scene",
        float("inf"),
        "room",
        (0, 8, 4),
    )
    assert anna.steps == [
        Play(play="hello.wav", speed=2),
        Silence(silence=0.5),
        Wait(wait=1),
        Flush(flush=True),
        Cut(cut=True),
        Expect(expect="你好", max_cer=0.1, of="stream", within_s=3),
        Stop(stop=True),
        Wait(wait=1),
        Expect(expect=""),
    ]
    assert ben.steps == [Wait(wait=0)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            steps('{ expect = "x", max_cr = 0.1 }'),
            "speaker[0].steps[0].max_cr: there is no such key; did you mean 'max_cer'?",
        ),
        (
            steps('{ plya = "x.wav" }'),
            (
                "speaker[0].steps[0]: a step needs one of play, silence, wait, flush, cut, stop, expect; "
                "did you mean 'play'?"
            ),
        ),
        (steps("{}"), "speaker[0].steps[0]: a step needs one of play,"),
        (
            steps("{ wait = 1 }") + "chunksize = [0, 10, 5]",
            "speaker[0].chunksize: there is no such key; did you mean 'chunk_size'?",
        ),
        ("speakers = []", "speakers: there is no such key; did you mean 'speaker'?"),
        (steps("{ wait = -1 }"), "speaker[0].steps[0].wait: it must be at least 0"),
        (steps("{ flush = false }"), "speaker[0].steps[0].flush: it must be true"),
        (
            steps('{ stop = true }, { play = "hello.wav" }'),
            "speaker[0].steps: after stop only wait and expect can follow",
        ),
        (
            steps("{ wait = 1 }") + "chunk_size = [0, 0, 5]",
            "speaker[0].chunk_size: step must be 1 to 60 frames",
        ),
        (steps("{ wait = 1 }") * 2, "the file: two speakers have the same name"),
        ('[[speaker]]\nname = "anna"', "speaker[0].steps: it is missing"),
        ("", "speaker: it is missing"),
        ("[[speaker]\n", "it is not TOML:"),
        ("x = 1", "x: there is no such key\n"),
    ],
)
def test_an_error_names_the_key_and_the_nearest_known_one(scenario: Path, text: str, reason: str) -> None:
    scenario.write_text(text, encoding="utf-8")
    with pytest.raises(VoicechatError) as caught:
        load_scenario(scenario)
    assert caught.value.code is ErrorCode.BAD_SCRIPT
    assert f"  {reason}" in caught.value.message + "\n"


def test_all_errors_are_told_at_once(scenario: Path) -> None:
    scenario.write_text(steps('{ wait = "long" }, { cut = 2 }'), encoding="utf-8")
    with pytest.raises(VoicechatError) as caught:
        load_scenario(scenario)
    assert len(caught.value.message.splitlines()) == 3


@pytest.mark.parametrize(("write", "reason"), [(None, "No such file"), (b"\xff\xfe\x00", "not UTF-8 text")])
def test_a_file_that_can_not_be_read(scenario: Path, write: bytes | None, reason: str) -> None:
    if write is not None:
        scenario.write_bytes(write)
    with pytest.raises(VoicechatError, match=reason) as caught:
        load_scenario(scenario)
    assert caught.value.code is ErrorCode.BAD_SCRIPT


def test_a_missing_recording_is_found_before_anything_is_played(scenario: Path) -> None:
    scenario.write_text(steps('{ play = "hello.wav" }, { play = "gone.wav" }'), encoding="utf-8")
    with pytest.raises(VoicechatError, match=r"gone\.wav") as caught:
        load_scenario(scenario)
    assert caught.value.code is ErrorCode.BAD_AUDIO_FILE


def test_spaces_punctuation_case_and_width_do_not_count() -> None:
    assert comparable("你好，Ｈello World！ １２") == "你好helloworld12"


@pytest.mark.parametrize(
    ("expected", "got", "rate"),
    [
        ("你好", "你好", 0.0),
        ("你好", "你们好", 0.5),
        ("你好", "", 1.0),
        ("", "", 0.0),
        ("", "啊", 1.0),
        ("一", "二三四", 3.0),
    ],
)
def test_character_error_rate(expected: str, got: str, rate: float) -> None:
    assert character_error_rate(expected, got) == rate


@given(expected=st.text("一二三ab", max_size=30), got=st.text("一二三ab", max_size=30))
def test_an_alignment_holds_both_texts_and_the_fewest_differences(expected: str, got: str) -> None:
    columns = align(expected, got)
    assert "".join(column.expected for column in columns) == expected
    assert "".join(column.got for column in columns) == got
    differences = sum(column.expected != column.got for column in columns)
    assert differences == round(character_error_rate(expected, got) * len(expected)) or not expected


def test_a_difference_stands_in_columns() -> None:
    assert diff("我订三张红票", "我要订张红飘", 80).plain.splitlines() == [
        "  expected  我__订三张红票",
        "  got       我要订__张红飘",
        "              ^^  ^^    ^^",
    ]


def test_wide_and_narrow_characters_share_a_column() -> None:
    assert diff("你b", "a好", 80).plain == "  expected  你b\n  got       a 好\n            ^^^^"


@given(
    expected=st.text("一二三ab", min_size=1, max_size=40),
    got=st.text("一二三ab", max_size=40),
    width=st.integers(20, 60),
)
def test_a_long_difference_is_broken_into_lines(expected: str, got: str, width: int) -> None:
    lines = diff(expected, got, width).plain.splitlines()
    assert all(cell_len(line) <= width for line in lines)
    shown = "".join(line.removeprefix("  expected  ") for line in lines if line.startswith("  expected"))
    assert shown.replace("_", "").replace(" ", "") == expected
