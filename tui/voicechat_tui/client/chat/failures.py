"""What a chat client says when something fails: each failure once, with what to do."""

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _

PASSING = frozenset({ErrorCode.BUSY, ErrorCode.STORAGE, ErrorCode.SHUTTING_DOWN})
"""Why a text may be refused now and stored later."""


def bad_text(reason: str) -> VoicechatError:
    """A text can't be a message."""
    return VoicechatError(
        ErrorCode.BAD_FIELD,
        _("The text can't be sent: {reason}.", reason=reason),
        _("Correct it and send it again."),
    )


def too_much_unsent(limit: int) -> VoicechatError:
    """More texts wait than are kept."""
    return VoicechatError(
        ErrorCode.BUSY,
        _("{limit} texts are waiting to be sent, which is the limit.", limit=limit),
        _("Wait until the connection is back, and send it again."),
    )


def name_in_use(client_message_id: str) -> VoicechatError:
    """Two different texts have one name."""
    return VoicechatError(
        ErrorCode.ID_TAKEN,
        _("Another text with the id {name!r} is still waiting to be stored.", name=client_message_id),
        _("Give each text a different client_message_id, or none."),
    )


def gap(expected: int, got: int) -> VoicechatError:
    """A message was missed."""
    return VoicechatError(
        ErrorCode.CONNECTION_LOST,
        _("Message {got} arrived when {expected} was expected.", got=got, expected=expected),
        _("The missing messages are requested again automatically."),
    )


def other_history() -> VoicechatError:
    """The server knows less than this client."""
    return VoicechatError(
        ErrorCode.CONNECTION_LOST,
        _("The server's history of the chat is not the one it had before."),
        _("It is reloaded automatically; the server's database may have been replaced."),
    )
