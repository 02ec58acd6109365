"""The token that the environment names, for scripts; it wins over those that are kept."""

import os
import re

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _

TOKEN_VARIABLE = "VOICECHAT_TUI_TOKEN"  # noqa: S105 - the name of a variable
LONGEST_TOKEN = 6000
"""Characters; a server takes no longer ones."""

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def own_token() -> str | None:
    """Return the token of the environment, or None.

    Raises:
        VoicechatError: `bad_setting` if it can't be one.
    """
    value = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not value:
        return None
    if not is_token(value):
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            _("What {variable} contains can't be a token.", variable=TOKEN_VARIABLE),
            _("Check that it was copied whole, or unset it."),
        )
    return value


def is_token(text: str) -> bool:
    """Tell whether a text may be sent as a token."""
    return len(text) <= LONGEST_TOKEN and _TOKEN.fullmatch(text) is not None
