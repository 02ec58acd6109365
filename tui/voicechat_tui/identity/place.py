"""What a login is for: one server, by scheme, host, port and path."""

from urllib.parse import SplitResult, urlsplit

_HTTP = {"ws": "http", "wss": "https"}
_USUAL_PORTS = {"http": 80, "https": 443}
_THIS_MACHINE = {"localhost": "127.0.0.1"}


def place_of(url: str) -> str:
    """Return the one way to write the address of a server, such as `https://voice.example/chat`.

    Args:
        url: A valid URL, of HTTP or of a WebSocket, whose host name servers know; login and query don't
            count.
    """
    parts = urlsplit(url)
    return _origin(parts) + parts.path.rstrip("/")


def covers(server: str, url: str) -> bool:
    """Tell whether an address belongs to a server: nothing else may get that server's token.

    Args:
        server: The server, as `place_of` writes it.
        url: What is about to be asked, as for `place_of`.
    """
    place = place_of(url)
    return place == server or place.startswith(f"{server}/")


def may_follow(first: str, url: str) -> bool:
    """Tell whether what is meant for one address may go along a redirect to another: on the same host.

    It may go into TLS, and never out of it.
    """
    if _origin(urlsplit(first)) == _origin(urlsplit(url)):
        return True
    is_same_host = _host(urlsplit(first)) == _host(urlsplit(url))
    return is_same_host and _scheme(urlsplit(url)) == "https"


def _origin(parts: SplitResult) -> str:
    scheme, host = _scheme(parts), _host(parts)
    bracketed = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _USUAL_PORTS.get(scheme)) else f":{parts.port}"
    return f"{scheme}://{bracketed}{port}"


def _scheme(parts: SplitResult) -> str:
    return _HTTP.get(parts.scheme, parts.scheme)


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return _THIS_MACHINE.get(host, host)
