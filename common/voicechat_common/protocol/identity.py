"""Bodies of the HTTP calls about who somebody is."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from voicechat_common.names import UserName
from voicechat_common.protocol.codec import Message, Moment

MOST_INVITATION_CHARACTERS = 6000


class AuthMode(StrEnum):
    """How a server finds out who somebody is."""

    NONE = "none"
    """It doesn't: everybody may do everything, under any name."""
    TOKEN = "token"  # noqa: S105 - the name of a mode


class Whoami(Message):
    """`GET /auth/me`: whom the server takes one for."""

    auth: AuthMode = Field(description="How the server finds out who somebody is.")
    subject: str | None = Field(None, description="Stays the same across all tokens of a person.")
    name: str | None = Field(None, description="What others see; null where any name may be taken.")
    scopes: list[str] = Field([], description="What the token allows: `read`, `write`, `speak`, `admin`.")
    chats: list[str] | None = Field(None, description="The chats it is limited to; null for no limit.")
    token_id: str | None = Field(None, description="By what the token is revoked.")
    expires_at: Moment | None = Field(None, description="When the token ends.")


class Redeem(Message):
    """The body of `POST /auth/redeem`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"invitation": "eyJ0eXAi…", "name": "anna"}]})

    invitation: str = Field(
        min_length=1,
        max_length=MOST_INVITATION_CHARACTERS,
        description="What stands in the link behind `#invitation=`.",
    )
    name: UserName | None = Field(
        None, description="The name that others will see; left out by who has a token and joins a chat."
    )


class Redeemed(Message):
    """The answer to `POST /auth/redeem`."""

    token: str | None = Field(
        description="Sent with every request from now on, and shown only this once; null for who has one."
    )
    identity: Whoami
