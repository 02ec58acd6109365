"""The one failure of a download that may pass by itself."""

from voicechat_common.errors import ErrorCode, VoicechatError


class HubAwayError(VoicechatError):
    """`hub_unreachable`: a hub, or the network before it, doesn't work now.

    What stays wrong until somebody changes something is told by a plain `VoicechatError`.

    Args:
        message: What happened.
        advice: What to do about it, if it does not pass.
        asked_s: Seconds for which the hub asks to be left alone; None unless it does.
    """

    def __init__(self, message: str, advice: str, asked_s: float | None = None) -> None:
        super().__init__(ErrorCode.HUB_UNREACHABLE, message, advice, retry_after_s=asked_s)
