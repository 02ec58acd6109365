"""Whether this machine can run a server, determined without importing any of it."""

from importlib.util import find_spec

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _, mark

DEMO_MODEL = mark(
    "The demo model is for trying things out: it knows 293 Chinese characters in synthetic voices, such as "
    "its recorded samples, and understands little of what a real person says. "
    "`voicechat-server` runs a real model."
)
"""What the model of a local server can do."""

_NEEDED = ("voicechat_server", "fastapi", "uvicorn", "funasr", "torch")


def is_installed() -> bool:
    """Return whether the server is installed alongside the client, with its dependencies."""
    return not _absent()


def require() -> None:
    """Raise `missing_dependency` if no server can be started here."""
    absent = _absent()
    if absent:
        raise VoicechatError(
            ErrorCode.MISSING_DEPENDENCY,
            _("The server is not installed here: {modules} can't be found.", modules=", ".join(absent)),
            _('Install it with `pip install "voicechat[server]"`, or use --url to name a running server.'),
        )


def _absent() -> list[str]:
    return [name for name in _NEEDED if find_spec(name) is None]
