"""Settings that are possible each, and impossible together."""

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.settings.contradictions import refuse_contradictions, refuse_undecided_access
from voicechat_server.settings.model import Settings


@pytest.mark.parametrize(
    ("device", "precision"),
    [("cpu", "int8"), ("cpu", "auto"), ("cuda:1", "fp16"), ("cuda", "bf16"), ("mps", "fp32")],
)
def test_what_goes_together_passes(device: str, precision: str) -> None:
    refuse_contradictions(Settings.load({"device": device, "precision": precision}))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - nothing listens
def test_other_machines_need_a_word_on_who_may_use_the_server(host: str) -> None:
    with pytest.raises(VoicechatError) as caught:
        refuse_undecided_access(Settings.load({"host": host}))
    assert caught.value.code is ErrorCode.BAD_SETTING
    for auth in ("none", "token"):
        refuse_undecided_access(Settings.load({"host": host, "auth": auth}))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_none(host: str) -> None:
    refuse_undecided_access(Settings.load({"host": host}))


@pytest.mark.parametrize(
    ("device", "precision", "offered"),
    [("cpu", "fp16", "int8, fp32"), ("cuda:1", "int8", "fp16, bf16, fp32"), ("mps", "bf16", "fp32")],
)
def test_a_precision_that_the_device_lacks(device: str, precision: str, offered: str) -> None:
    with pytest.raises(VoicechatError) as caught:
        refuse_contradictions(Settings.load({"device": device, "precision": precision}))
    assert caught.value.code is ErrorCode.BAD_SETTING
    assert f"VOICECHAT_PRECISION is {precision} and VOICECHAT_DEVICE is {device}" in caught.value.message
    assert offered in caught.value.advice


@pytest.mark.parametrize("part", ["max_end_silence_ms", "pre_roll_ms"])
def test_a_segment_that_is_shorter_than_its_silence(part: str) -> None:
    with pytest.raises(VoicechatError) as caught:
        refuse_contradictions(Settings.load({"max_segment_s": 3, part: 3_000}))
    assert "VOICECHAT_MAX_SEGMENT_S is 3.0" in caught.value.message
    refuse_contradictions(Settings.load({"max_segment_s": 3, part: 2_999}))
