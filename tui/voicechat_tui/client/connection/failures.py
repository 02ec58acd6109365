"""What a client says when its connection fails: each failure once, with what to do."""

import logging
import os

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol import PROTOCOL_VERSION
from voicechat_common.protocol.chat import ChatError
from voicechat_common.protocol.http import ErrorDetail
from voicechat_common.protocol.speech import Error
from voicechat_tui.identity.own_token import TOKEN_VARIABLE
from voicechat_tui.language import _, mark, spoken
from voicechat_tui.redaction import redacted, shown

log = logging.getLogger(__name__)

_CHECK_URL = mark(
    "Check the address of the server, such as http://127.0.0.1:8000; its speech socket is at /ws."
)
_CHECK_SERVER = mark(
    "Check that the server is running (start one with `voicechat-server`) and that the address is right."
)

_CHECK_PROXY = mark(
    "Check that the server is running, and that a proxy should be used: HTTP_PROXY, HTTPS_PROXY and "
    "ALL_PROXY name one, NO_PROXY the hosts that need none."
)
_EXPIRED, _OTHER_NAME, _OTHER_IP = 10, 62, 64
"""What OpenSSL says of certificates."""


def unreachable(url: str, reason: str, proxy: str | None = None) -> VoicechatError:
    """No connection could be made, and it may be made later.

    Args:
        url: Where to.
        reason: Why not.
        proxy: The proxy on the way.
    """
    return VoicechatError(ErrorCode.SERVER_UNREACHABLE, _not_reached(url, reason, proxy), _check(proxy))


class UnavailableError(VoicechatError):
    """Something answers for the server, and says that it will be back."""


def unavailable(url: str, status: int, proxy: str | None, retry_after_s: float | None) -> UnavailableError:
    """Something on the way answered that the server can't be reached, or can't answer, now."""
    message = _not_reached(url, _("the answer was HTTP {status}", status=status), proxy)
    return UnavailableError(ErrorCode.SERVER_UNREACHABLE, message, _check(proxy), retry_after_s=retry_after_s)


def hung_up(url: str, proxy: str | None) -> VoicechatError:
    """The connection ended before there was an answer."""
    message = _not_reached(url, _("it closed the connection immediately"), proxy)
    if url.startswith(("https:", "wss:")) or proxy is not None:
        return VoicechatError(ErrorCode.SERVER_UNREACHABLE, message, _check(proxy))
    advice = _("Check that the server is running; if it speaks TLS, write https:// or wss:// in front.")
    return VoicechatError(ErrorCode.SERVER_UNREACHABLE, message, advice)


def proxy_unreachable(url: str, proxy: str, reason: str) -> VoicechatError:
    """The proxy that leads to the server can't be reached."""
    return VoicechatError(
        ErrorCode.SERVER_UNREACHABLE,
        _(
            "The proxy {proxy}, which leads to {url}, can't be reached: {reason}.",
            proxy=shown(proxy),
            url=shown(url),
            reason=reason,
        ),
        _(_CHECK_PROXY),
    )


def forbidden(url: str, proxy: str | None) -> VoicechatError:
    """The server, or something before it, lets nobody in."""
    advice = _("Check the address, or ask whoever runs the server.") if proxy is None else _(_CHECK_PROXY)
    return no_access(url, _("access is refused (HTTP 403)"), proxy, advice)


def login_wanted(url: str, proxy: str | None, *, was_given: bool) -> VoicechatError:
    """The server, or something before it, asks who comes.

    Args:
        url: Where to.
        proxy: The proxy on the way.
        was_given: Whether the address has a login.
    """
    reason = (
        _("the name and password in the address are not accepted (HTTP 401)")
        if was_given
        else _("a name and a password are required (HTTP 401)")
    )
    return no_access(
        url, reason, proxy, _("Write them into the address: https://NAME:PASSWORD@voice.example.")
    )


def proxy_login_wanted(url: str, proxy: str | None) -> VoicechatError:
    """A proxy asks who comes, or does not accept who does."""
    was_given = proxy is not None and shown(proxy) != proxy
    reason = (
        _("the proxy does not accept its name and password (HTTP 407)")
        if was_given
        else _("the proxy requires a name and a password (HTTP 407)")
    )
    advice = _(
        "Write them into the proxy's address, such as HTTPS_PROXY=http://NAME:PASSWORD@proxy:3128, or name "
        "the server's host in NO_PROXY."
    )
    return no_access(url, reason, proxy, advice)


def not_trusted(url: str, proxy: str | None, reason: str, verify_code: int) -> VoicechatError:
    """The server's certificate does not show that it is who it should be."""
    advice = {
        _EXPIRED: _("Renew the server's certificate, or set this machine's clock."),
        _OTHER_NAME: _("In the address, use the name that the certificate is for."),
        _OTHER_IP: _("In the address, use the name that the certificate is for."),
    }.get(
        verify_code,
        _("If you trust the issuer, name its certificate in SSL_CERT_FILE, or add it to the system's."),
    )
    return no_access(url, _("its certificate is not trusted ({reason})", reason=reason), proxy, advice)


def no_access(url: str, reason: str, proxy: str | None, advice: str | None = None) -> VoicechatError:
    """Something on the way lets nobody in, and will not until something is changed.

    Args:
        url: Where to.
        reason: Why not.
        proxy: The proxy on the way.
        advice: What to change; None for what there is to check.
    """
    return VoicechatError(ErrorCode.NO_ACCESS, _not_reached(url, reason, proxy), advice or _check(proxy))


def no_socks() -> VoicechatError:
    """The way leads through a SOCKS proxy, and a library is missing."""
    return VoicechatError(
        ErrorCode.MISSING_DEPENDENCY,
        _("The server is behind a SOCKS proxy, and the packages python-socks and socksio are missing."),
        _("Install both, or unset the proxy for this address with NO_PROXY."),
    )


def bad_redirect(url: str, location: str, reason: str) -> VoicechatError:
    """What answers sends the client to where it must not go."""
    return not_voicechat(url, _("it redirects to {target}; {reason}", target=location, reason=reason))


def too_many_redirects(url: str, most: int) -> VoicechatError:
    """One redirect leads to another, perhaps in a circle."""
    return not_voicechat(url, _("it redirects more than {most} times", most=most))


def too_long_an_answer(url: str, longest: int, proxy: str | None) -> VoicechatError:
    """An answer is longer than any of a voicechat server."""
    reason = _("the answer has more than {mb} MB", mb=longest >> 20)
    return not_voicechat(url, reason, proxy)


def _not_reached(url: str, reason: str, proxy: str | None) -> str:
    if proxy is None:
        return _("The server at {url} can't be reached: {reason}.", url=shown(url), reason=redacted(reason))
    return _(
        "The server at {url} can't be reached through the proxy {proxy}: {reason}.",
        url=shown(url),
        proxy=shown(proxy),
        reason=redacted(reason),
    )


def _check(proxy: str | None) -> str:
    return _(_CHECK_SERVER) if proxy is None else _(_CHECK_PROXY)


def no_answer(seconds: float) -> VoicechatError:
    """The socket opened, but `ready` never came."""
    return VoicechatError(
        ErrorCode.SERVER_UNREACHABLE,
        _("The server accepted the connection but did not answer within {seconds:g} s.", seconds=seconds),
        _("It may be overloaded, or it is not a voicechat server; look at its log."),
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


def not_voicechat(url: str, answer: str, proxy: str | None = None) -> VoicechatError:
    """Something else answers at the address."""
    if proxy is None:
        message = _(
            "There is no voicechat server at {url}: {answer}.", url=shown(url), answer=redacted(answer)
        )
        return VoicechatError(ErrorCode.PROTOCOL_MISMATCH, message, _(_CHECK_URL))
    message = _(
        "Through the proxy {proxy} there is no voicechat server at {url}: {answer}.",
        proxy=shown(proxy),
        url=shown(url),
        answer=redacted(answer),
    )
    return VoicechatError(ErrorCode.PROTOCOL_MISMATCH, message, _(_CHECK_PROXY))


def speaks_no_tls(url: str, proxy: str | None) -> VoicechatError:
    """What listens does not answer TLS with TLS."""
    error = not_voicechat(url, _("it does not speak TLS"), proxy)
    return VoicechatError(
        error.code, error.message, _("Write http:// or ws:// in the address, not https:// or wss://.")
    )


def speaks_only_tls(url: str) -> VoicechatError:
    """What listens answers nothing but TLS."""
    error = not_voicechat(url, _("it speaks TLS only"))
    return VoicechatError(
        error.code, error.message, _("Write https:// or wss:// in the address, not http:// or ws://.")
    )


PASS_ON = mark(
    "A proxy in front of the server has to pass on the headers Upgrade and Connection; "
    "docs/deployment.md shows how, in nginx with proxy_http_version and proxy_set_header."
)


def no_upgrade(url: str, status: int) -> VoicechatError:
    """Requests reach the server, and what makes them WebSockets doesn't."""
    return VoicechatError(
        ErrorCode.PROTOCOL_MISMATCH,
        _(
            "No WebSocket can be opened at {url}: the Upgrade header was lost on the way (HTTP {status}).",
            url=shown(url),
            status=status,
        ),
        _(PASS_ON),
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


_GENERAL = {
    ErrorCode.BAD_JSON: mark("The server can't read what this client sent."),
    ErrorCode.UNKNOWN_TYPE: mark("The server does not know what this client asked for."),
    ErrorCode.BAD_FIELD: mark("The server can't use what was sent."),
    ErrorCode.BAD_ORDER: mark("The server did not expect this now."),
    ErrorCode.FRAME_TOO_LARGE: mark("What was sent is too large for the server."),
    ErrorCode.TOO_MANY_FRAMES: mark("The server treated what was sent as a flood."),
    ErrorCode.TOO_SLOW: mark("What was sent took too long to reach the server."),
    ErrorCode.BAD_REQUEST: mark("The server can't read what this client sent."),
    ErrorCode.HEAD_TOO_LARGE: mark("What was sent is too large for the server."),
    ErrorCode.BODY_TOO_LARGE: mark("What was sent is too large for the server."),
    ErrorCode.NOT_PCM: mark("The server can't use this audio."),
    ErrorCode.MESSAGE_IN_BINARY: mark("The server can't use this audio."),
    ErrorCode.ODD_BYTES: mark("The server can't use this audio."),
    ErrorCode.EIGHT_BIT: mark("The server can't use this audio."),
    ErrorCode.WRONG_FORM: mark("The server can't use this audio."),
    ErrorCode.WRONG_RATE: mark("The server can't use this audio."),
    ErrorCode.IDLE_TIMEOUT: mark("The server closed a connection on which nothing arrived."),
    ErrorCode.UNKNOWN_STREAM: mark("The server no longer has the stream."),
    ErrorCode.NOT_READY: mark("The server does not recognise speech yet."),
    ErrorCode.BUSY: mark("The server is full."),
    ErrorCode.SHUTTING_DOWN: mark("The server is shutting down."),
    ErrorCode.RECOGNITION_FAILED: mark("The server can't recognise this stream any further."),
    ErrorCode.NOT_FOUND: mark("The server does not have what was asked for."),
    ErrorCode.NOT_ALLOWED: mark("The server does not allow this."),
    ErrorCode.ORIGIN_NOT_ALLOWED: mark("The server does not allow this."),
    ErrorCode.HOST_NOT_ALLOWED: mark("The server does not answer to this address."),
    ErrorCode.UNAUTHORIZED: mark("The server wants to know who you are."),
    ErrorCode.FORBIDDEN: mark("Your token does not allow this."),
    ErrorCode.WRONG_NAME: mark("The server knows you by another name."),
    ErrorCode.BAD_INVITATION: mark("The server does not accept the invitation."),
    ErrorCode.CHAT_ENDED: mark("The chat has ended and takes no more messages."),
    ErrorCode.ID_TAKEN: mark("Another text already has the id of this message."),
    ErrorCode.NAME_TAKEN: mark("Somebody in the chat has a name that looks like this one."),
    ErrorCode.NOT_OWNER: mark("Only the owner of the chat may do this."),
    ErrorCode.SLOW_READER: mark("This connection does not read fast enough."),
    ErrorCode.STORAGE: mark("The server can't store anything now."),
    ErrorCode.MODEL_NOT_FOUND: mark("The server has no model to recognise speech with."),
    ErrorCode.MODEL_INCOMPLETE: mark("The model of the server is damaged."),
    ErrorCode.MODEL_CORRUPT: mark("The model of the server is damaged."),
    ErrorCode.MODEL_UNSUPPORTED: mark("The server can't run its model."),
    ErrorCode.HUB_UNREACHABLE: mark("The server can't download its model."),
    ErrorCode.DISK: mark("The server's disk has no room for its model."),
    ErrorCode.DEVICE_ABSENT: mark("The server lacks the device it is meant to run on."),
    ErrorCode.MISSING_DEPENDENCY: mark("The server lacks a component it needs."),
}
_FAILED = mark("The server has failed.")
"""What an error means whose own words this client doesn't know; for languages other than the server's."""


def server_words(code: str, message: str, advice: str) -> tuple[str, str]:
    """Return what a server said and what it advised, in the language of the interface."""
    general = next((text for known, text in _GENERAL.items() if known == code), _FAILED)
    said = spoken(message, _(general)), spoken(advice, _("Look at the server's log."))
    if said != (message, advice):
        log.info("the server said %s: %s %s", code, message, advice)
    return said


def told_by_server(message: Error | ChatError | ErrorDetail, server: str | None = None) -> VoicechatError:
    """The server refused or ended something and said why.

    Args:
        message: Its words.
        server: Its address, where that is known.
    """
    known = message.code in set(ErrorCode)
    words, advice = server_words(message.code, message.message, message.advice)
    if message.code == ErrorCode.UNAUTHORIZED:
        # The server tells how a token is sent; who uses this client needs to know how it is given.
        advice = _advice_on_tokens(server)
    return VoicechatError(
        ErrorCode(message.code) if known else ErrorCode.INTERNAL,
        words,
        advice,
        retry_after_s=message.retry_after_s,
    )


def _advice_on_tokens(server: str | None) -> str:
    if TOKEN_VARIABLE in os.environ:
        return _(
            "The token was taken from {variable}: put another one there, or unset it.",
            variable=TOKEN_VARIABLE,
        )
    return _(
        "Log in with `voicechat-tui login {server}`; whoever runs the server has a token or an invitation "
        "for you.",
        server=_("ADDRESS") if server is None else shown(server),
    )
