"""Why audio would not be recognised now, in words for a person."""

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.status import EngineState, EngineStatus

RETRY_AFTER_S = 2.0


def why_not_ready(status: EngineStatus) -> VoicechatError | None:
    """Return None if the recogniser is ready, else the reason and when to try again."""
    match status.state:
        case EngineState.READY:
            return None
        case EngineState.FAILED if status.error is not None:
            return status.error
        case EngineState.FAILED | EngineState.STOPPED:
            return VoicechatError(ErrorCode.NOT_READY, status.detail, "Start the server again.")
        case _:
            return VoicechatError(
                ErrorCode.NOT_READY,
                f"The recogniser is not ready: {status.told}",
                "Try again in a moment; GET /ready tells how far it is.",
                retry_after_s=RETRY_AFTER_S,
            )
