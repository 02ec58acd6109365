"""The address at which a proxy offers the server, as `--public-url` gives it."""

from urllib.parse import SplitResult, quote, urlsplit

OWN = frozenset(
    {
        "asr",
        "auth",
        "chat",
        "chatting",
        "docs",
        "health",
        "metrics",
        "openapi.json",
        "ready",
        "redoc",
        "static-offline-docs",
        "ws",
    }
)
"""The first segments of the server's own paths."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORM = "it is written like https://chat.example.com or https://chat.example.com/voice"


def check(url: str | None) -> str | None:
    """Return the address without a trailing slash.

    Raises:
        ValueError: It can't be the address of a server.
    """
    if url is None:
        return None
    url = url.rstrip("/")
    parts = urlsplit(url)
    segments = parts.path.split("/")[1:]
    is_plain = not ({"", ".", ".."} & {*segments}) and quote(parts.path, safe="/-._~") == parts.path
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.port == 0:
        raise ValueError(_FORM)
    try:
        _host(parts)
    except UnicodeError as error:
        raise ValueError(_FORM) from error
    if not is_plain or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(_FORM)
    if segments and segments[0] in OWN:
        raise ValueError(
            f"the server has a path /{segments[0]} of its own, which would conflict with it: take another"
        )
    return url


def path(url: str | None) -> str:
    """Return the path of the address, without a trailing slash; empty if there is none."""
    return urlsplit(url or "").path


def hosts(url: str | None) -> tuple[str, ...]:
    """Return the host of the address as a `Host` header has it, without the port; none without an address."""
    return () if url is None else (_host(urlsplit(url)).removesuffix("."),)


def origins(url: str | None) -> tuple[str, ...]:
    """Return the `Origin` of pages at the address; none without an address."""
    if url is None:
        return ()
    parts = urlsplit(url)
    host = f"[{_host(parts)}]" if ":" in _host(parts) else _host(parts)
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return (f"{parts.scheme}://{host}{port}",)


def _host(parts: SplitResult) -> str:
    """Return the host of an address in lower case, encoded as browsers send it.

    Raises:
        UnicodeError: It can't be the name of one.
    """
    return (parts.hostname or "").encode("idna").decode()
