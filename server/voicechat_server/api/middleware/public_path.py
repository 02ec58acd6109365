"""The path under which a proxy offers the server."""

from starlette.types import ASGIApp, Receive, Scope, Send


class PublicPath:
    """Middleware that accepts requests with that path and without it.

    Some proxies pass it on, others strip it; either way the routes see it as the root path.

    Args:
        app: The app behind it.
        prefix: The path, without a trailing slash.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] in ("http", "websocket"):
            path: str = scope["path"]
            if path == self._prefix:
                path += "/"
            elif not path.startswith(f"{self._prefix}/"):
                path = self._prefix + path
            scope["root_path"], scope["path"] = self._prefix, path
        await self._app(scope, receive, send)
