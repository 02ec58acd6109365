"""What a client says when its connection fails: each failure once, with what to do."""

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol import PROTOCOL_VERSION
from voicechat_common.protocol.chat import ChatError
from voicechat_common.protocol.http import ErrorDetail
from voicechat_common.protocol.speech import Error
from voicechat_tui.client.address import redacted, shown
from voicechat_tui.language import _, mark

_CHECK_URL = mark(
    "Check the address of the server, such as http://127.0.0.1:8000; its speech socket is at /ws."
)
_CHECK_SERVER = mark(
    "Check that the server runs (start one with `voicechat-server`) and that the address is right."
)


def unreachable(url: str, reason: str) -> VoicechatError:
    """No connection could be made."""
    return VoicechatError(
        ErrorCode.SERVER_UNREACHABLE,
        _("The server at {url} can't be reached: {reason}.", url=shown(url), reason=redacted(reason)),
        _(_CHECK_SERVER),
    )


def no_answer(seconds: float) -> VoicechatError:
    """The socket opened, but `ready` never came."""
    return VoicechatError(
        ErrorCode.SERVER_UNREACHABLE,
        _("The server accepted the connection but did not answer within {seconds:g} s.", seconds=seconds),
        _("It may be overloaded, or it is no voicechat server; look at its log."),
    )


def dead(seconds: float) -> VoicechatError:
    """The server has gone silent."""
    return VoicechatError(
        ErrorCode.CONNECTION_LOST,
        _("Nothing was heard from the server for {seconds:g} s.", seconds=seconds),
        _(_CHECK_SERVER),
    )


def closed(reason: str) -> VoicechatError:
    """The connection was closed before the stream was done."""
    message = _("The connection was lost: {reason}.", reason=reason)
    return VoicechatError(ErrorCode.CONNECTION_LOST, message, _(_CHECK_SERVER))


def stream_gone(message: str) -> VoicechatError:
    """The server forgot or ended the stream; a new one can take its place."""
    return VoicechatError(ErrorCode.CONNECTION_LOST, message, _("Look at the server's log."))


def not_resumed(error: VoicechatError) -> VoicechatError:
    """A stream was open, and the attempts to get it back were given up or made no sense."""
    passing = {ErrorCode.SERVER_UNREACHABLE, ErrorCode.NOT_READY, ErrorCode.BUSY, ErrorCode.SHUTTING_DOWN}
    if error.code not in passing:
        return error
    return VoicechatError(
        ErrorCode.CONNECTION_LOST,
        _("The connection was lost and the stream could not be resumed: {reason}", reason=error.message),
        error.advice,
    )


def not_voicechat(url: str, answer: str) -> VoicechatError:
    """Something else answers at the address."""
    return VoicechatError(
        ErrorCode.PROTOCOL_MISMATCH,
        _("There is no voicechat server at {url}: {answer}.", url=shown(url), answer=redacted(answer)),
        _(_CHECK_URL),
    )


def not_our_protocol(detail: str) -> VoicechatError:
    """A frame came that no voicechat server sends."""
    return VoicechatError(
        ErrorCode.PROTOCOL_MISMATCH,
        _("The server does not speak voicechat's protocol: {detail}", detail=detail),
        _(_CHECK_URL),
    )


def other_version(version: int) -> VoicechatError:
    """The server speaks another version of the protocol."""
    return VoicechatError(
        ErrorCode.PROTOCOL_MISMATCH,
        _(
            "The server speaks version {version} of the protocol, this client version {own}.",
            version=version,
            own=PROTOCOL_VERSION,
        ),
        _("Update the client.") if version > PROTOCOL_VERSION else _("Update the server."),
    )


def told_by_server(message: Error | ChatError | ErrorDetail) -> VoicechatError:
    """The server refused or ended something and said why."""
    known = message.code in set(ErrorCode)
    return VoicechatError(
        ErrorCode(message.code) if known else ErrorCode.INTERNAL,
        message.message,
        message.advice,
        retry_after_s=message.retry_after_s,
    )
