"""The connection to a hub, and what its failures mean to a person."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from voicechat_common import __version__
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.models.catalog import Hub, KnownModel
from voicechat_server.asr.models.hubs import endpoint

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
"""Seconds of silence after which a connection is given up; a slow one that moves is never given up."""

ABSENT = (401, 403, 404)
"""How hubs answer for what is not there: for a missing repository Hugging Face says 401."""


def open_client() -> httpx.Client:
    """Return a client that heeds the usual proxy variables.

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
    """Turn what goes wrong between here and a hub into one error with the next step.

    Raises:
        VoicechatError: `model_not_found` or `hub_unreachable`.
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
        raise _unreachable(hub, f"it answered {status} {error.response.reason_phrase}".rstrip()) from error
    except httpx.InvalidURL as error:
        raise _unreachable(hub, str(error)) from error
    except httpx.RequestError as error:
        raise _unreachable(hub, str(error) or type(error).__name__) from error


def _unreachable(hub: Hub, reason: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.HUB_UNREACHABLE,
        f"{hub.label} was not reachable at {endpoint(hub)}: {reason}.",
        f"Try the other hub (--hub {hub.other}), set HTTPS_PROXY if this network needs a proxy, use a model "
        "directory (--model PATH), or the model that needs no download (--model demo).",
    )
