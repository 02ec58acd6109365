"""The connection to a hub, and what its failures mean to a person."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from voicechat_common import __version__
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.retry_after import seconds_of
from voicechat_server.asr.models.catalog import Hub, KnownModel
from voicechat_server.asr.models.hub.listing import endpoint
from voicechat_server.asr.models.hub.retry import HubUnreachableError

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
"""Seconds of silence after which a connection is given up; a slow one that moves is never given up."""

ABSENT = (401, 403, 404)
"""How hubs answer for what they don't have: Hugging Face says 401 for a missing repository."""

PASSING = (408, 425, 429)
LASTING = (501, 505, 511)
"""Statuses below 500 that may pass by themselves, and those above that won't."""


def open_client() -> httpx.Client:
    """Return a client that uses the usual proxy variables.

    Raises:
        VoicechatError: `bad_setting`: the proxy or certificate variables can't be used.
    """
    # Compression would make lengths and ranges differ from those of the file.
    headers = {"User-Agent": f"voicechat/{__version__}", "Accept-Encoding": "identity"}
    try:
        return httpx.Client(follow_redirects=True, timeout=TIMEOUT, headers=headers)
    except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            f"The network settings can't be used: {error}.",
            "Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE.",
        ) from error


@contextmanager
def hub_errors(model: KnownModel, hub: Hub, revision: str) -> Iterator[None]:
    """Turn any failure between here and a hub into one error that says what to do.

    Raises:
        HubUnreachableError: It may go well another time.
        VoicechatError: `model_not_found` or `hub_unreachable`: it will not.
    """
    try:
        yield
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status in ABSENT:
            raise VoicechatError(
                ErrorCode.MODEL_NOT_FOUND,
                f"{hub.label} has no revision {revision} of {model.name} ({model.repositories[hub]}; "
                f"it answered {status}).",
                f"Ask for another revision ({model.default_revision} is the default) or try the other hub "
                f"(--hub {hub.other}).",
            ) from error
        reason = f"it answered {status} {error.response.reason_phrase}".rstrip()
        if is_passing(error):
            raise _away(hub, reason, asked_s(error)) from error
        raise _unreachable(hub, reason) from error
    except (httpx.RequestError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise (_away if is_passing(error) else _unreachable)(hub, reason) from error


def is_passing(error: Exception) -> bool:
    """Return whether a request that failed may succeed later, though nobody changes a setting."""
    match error:
        case httpx.HTTPStatusError():
            return _is_passing_status(error.response.status_code)
        case httpx.ProxyError():
            # A proxy that refuses the connection answers with a status.
            status = re.match(r"\d{3}\b", str(error))
            return status is None or _is_passing_status(int(status[0]))
        case httpx.ConnectError():
            return not any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))
        case httpx.UnsupportedProtocol():
            return False
        case _:
            return isinstance(error, httpx.TransportError)


def asked_s(error: httpx.HTTPError | None) -> float | None:
    """Return for how many seconds a hub asks to be left alone; None unless it does."""
    if not isinstance(error, httpx.HTTPStatusError):
        return None
    return seconds_of(error.response.headers.get("Retry-After"))


def _is_passing_status(status: int) -> bool:
    return status in PASSING or (status >= httpx.codes.INTERNAL_SERVER_ERROR and status not in LASTING)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _away(hub: Hub, reason: str, asked_s: float | None = None) -> HubUnreachableError:
    return HubUnreachableError(_told(hub, reason), _advice(hub), asked_s)


def _unreachable(hub: Hub, reason: str) -> VoicechatError:
    return VoicechatError(ErrorCode.HUB_UNREACHABLE, _told(hub, reason), _advice(hub))


def _told(hub: Hub, reason: str) -> str:
    return f"{hub.label} was not reachable at {endpoint(hub)}: {reason.rstrip('.')}."


def _advice(hub: Hub) -> str:
    return (
        f"Try the other hub (--hub {hub.other}), set HTTPS_PROXY if this network needs a proxy, use a model "
        "directory (--model PATH), or the model that needs no download (--model demo)."
    )
