"""Settings that are valid individually, but not together."""

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.addresses.hosts import is_loopback
from voicechat_server.asr.config import PRECISIONS
from voicechat_server.settings.model import Settings, variable


def refuse_undecided_access(settings: Settings) -> None:
    """Refuse to let other machines in without a word on who may use the server.

    Raises:
        VoicechatError: `bad_setting`.
    """
    if settings.auth is None and not is_loopback(settings.host):
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            f"On {settings.host}, other machines reach the server, and nothing says who may use it.",
            "Say --auth token, and give people tokens, beginning with `voicechat-server invite`; or say "
            "--auth none, and let in whoever reaches the port. VOICECHAT_AUTH does the same.",
        )


def refuse_contradictions(settings: Settings) -> None:
    """Refuse settings that contradict each other.

    Raises:
        VoicechatError: `bad_setting`, naming both.
    """
    kind = settings.device.partition(":")[0]
    offered = PRECISIONS[kind]
    if settings.precision not in ("auto", *offered):
        raise _contradiction(
            settings, "precision", "device", f"Use auto, or one of {', '.join(offered)} on {kind}."
        )
    for part in ("max_end_silence_ms", "pre_roll_ms"):
        if getattr(settings, part) >= settings.max_segment_s * 1000:
            raise _contradiction(
                settings, part, "max_segment_s", "A segment has to be longer than the silence around it."
            )


def _contradiction(settings: Settings, first: str, second: str, advice: str) -> VoicechatError:
    values = settings.model_dump(include={first, second})
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        f"{variable(first)} is {values[first]} and {variable(second)} is {values[second]}, "
        "which contradict each other.",
        f"{advice} Options of the command line count like the variables.",
    )
