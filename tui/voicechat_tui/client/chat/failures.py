"""What a chat client says when something fails: each failure once, with what to do."""

from voicechat_common.errors import ErrorCode, VoicechatError

PASSING = frozenset({ErrorCode.BUSY, ErrorCode.STORAGE, ErrorCode.SHUTTING_DOWN})
"""Why a text may be refused now and stored later."""


def bad_text(reason: str) -> VoicechatError:
    """A text can't be a message."""
    return VoicechatError(
        ErrorCode.BAD_FIELD, f"The text can't be sent: {reason}.", "Correct it and send it again."
    )


def too_much_unsent(limit: int) -> VoicechatError:
    """More texts wait than are kept."""
    return VoicechatError(
        ErrorCode.BUSY,
        f"{limit} texts wait to be sent, which is the most that are kept.",
        "Wait until the connection is back, and send it again.",
    )


def gap(expected: int, got: int) -> VoicechatError:
    """A message was missed."""
    return VoicechatError(
        ErrorCode.CONNECTION_LOST,
        f"Message {got} came where {expected} was due.",
        "The messages between are asked for again by themselves.",
    )


def other_history() -> VoicechatError:
    """The server knows less than this client."""
    return VoicechatError(
        ErrorCode.CONNECTION_LOST,
        "The server has another history of the chat than it had before.",
        "It is read anew by itself; the server's database may have been replaced.",
    )
