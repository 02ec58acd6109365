"""The rules for the names of chats, people and messages, and for the text of a message.

Every rule is checked here, with a message for users, and is in the JSON schema as a pattern, so that the
documentation of the HTTP calls agrees with the server.
"""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from voicechat_common.printable import DIRECTION_CONTROLS

CHAT_ID_MAX_LENGTH = 128
USER_MAX_LENGTH = 64
TITLE_MAX_LENGTH = 200
CLIENT_MESSAGE_ID_MAX_LENGTH = 128
CONTENT_MAX_LENGTH = 4000

# `/chat/list` is a separate call.
_CHAT_ID = "^(?!list$)[A-Za-z0-9_-][A-Za-z0-9_.-]*$"
_CLIENT_MESSAGE_ID = "^[A-Za-z0-9_.:-]+$"

# The two codes that are not characters. Lone surrogates never get here: Pydantic refuses them.
_NO_TEXT = "\ufffe\uffff"
_CONTROLS = "\x00-\x1f\x7f-\x9f"
_CONTROLS_BUT_TAB_AND_NEWLINE = "\x00-\x08\x0b-\x1f\x7f-\x9f"
# Soft hyphen, direction marks, zero-width characters, line separators, annotations, tags: two names that
# differ only in these look the same.
_INVISIBLE = (
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)

_NOT_IN_LINES = _CONTROLS + _INVISIBLE + _NO_TEXT
_NOT_IN_CONTENT = _CONTROLS_BUT_TAB_AND_NEWLINE + DIRECTION_CONTROLS + _NO_TEXT
_LINE = rf"^[^\s{_NOT_IN_LINES}]([^{_NOT_IN_LINES}]*[^\s{_NOT_IN_LINES}])?$"
_CONTENT = rf"^[^{_NOT_IN_CONTENT}]*[^\s{_NOT_IN_CONTENT}][^{_NOT_IN_CONTENT}]*$"


def check_chat_id(value: str) -> str:
    """Return a chat's id, valid in addresses and file names; ValueError says what is wrong with it."""
    if not re.fullmatch(_CHAT_ID[1:-1], value):
        raise ValueError(
            "a chat id has ASCII letters, digits, '_', '-' and '.', does not begin with '.', is not 'list'"
        )
    return value


def check_client_message_id(value: str) -> str:
    """Return a client's id for a message; ValueError says what is wrong with it."""
    if not re.fullmatch(_CLIENT_MESSAGE_ID[1:-1], value):
        raise ValueError("a client message id has ASCII letters, digits, '_', '-', '.' and ':'")
    return value


def check_line(value: str) -> str:
    """Return a name or title in its composed form (NFC); ValueError says what is wrong with it."""
    if value != value.strip():
        raise ValueError("it begins or ends with white space")
    if found := re.search(f"[{_NOT_IN_LINES}]", value):
        raise ValueError(f"it has the control or invisible character {_called(found[0])}")
    return unicodedata.normalize("NFC", value)


def check_content(value: str) -> str:
    r"""Return a message's text with `\n` for every line break; ValueError says what is wrong with it."""
    text = value.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    if not text.strip():
        raise ValueError("it is empty")
    if found := re.search(f"[{_NOT_IN_CONTENT}]", text):
        raise ValueError(f"it has the control or direction-changing character {_called(found[0])}")
    return text


def _called(character: str) -> str:
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" ({name.lower()})" if name else "")


def _schema(pattern: str, max_length: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": 1, "maxLength": max_length, "pattern": pattern})


ChatId = Annotated[
    str,
    Field(min_length=1, max_length=CHAT_ID_MAX_LENGTH),
    AfterValidator(check_chat_id),
    _schema(_CHAT_ID, CHAT_ID_MAX_LENGTH),
]
"""Names a chat: ASCII letters, digits, `_`, `-` and `.`, not beginning with a dot."""

UserName = Annotated[
    str,
    Field(min_length=1, max_length=USER_MAX_LENGTH),
    AfterValidator(check_line),
    _schema(_LINE, USER_MAX_LENGTH),
]
"""Names a person, in any script: no control or invisible characters, no surrounding white space."""

Title = Annotated[
    str,
    Field(min_length=1, max_length=TITLE_MAX_LENGTH),
    AfterValidator(check_line),
    _schema(_LINE, TITLE_MAX_LENGTH),
]
"""What a chat is about, one line."""

ClientMessageId = Annotated[
    str,
    Field(min_length=1, max_length=CLIENT_MESSAGE_ID_MAX_LENGTH),
    AfterValidator(check_client_message_id),
    _schema(_CLIENT_MESSAGE_ID, CLIENT_MESSAGE_ID_MAX_LENGTH),
]
"""A client's id for a message, which makes resending it harmless."""

Content = Annotated[
    str,
    Field(min_length=1, max_length=CONTENT_MAX_LENGTH),
    AfterValidator(check_content),
    _schema(_CONTENT, CONTENT_MAX_LENGTH),
]
"""The text of a message: not blank, no control characters except tab and newline, no direction
overrides."""
