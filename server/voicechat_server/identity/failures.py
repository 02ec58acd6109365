"""Every refusal of somebody by who they are, each defined once, with advice."""

from datetime import datetime

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.identity.model import Scope

_ANOTHER = "Ask whoever runs the server for another token, or for an invitation."
_ANOTHER_INVITATION = "Ask whoever sent it for another one."


def no_token() -> VoicechatError:
    """Nothing says who is asking."""
    return VoicechatError(
        ErrorCode.UNAUTHORIZED,
        "This server wants to know who you are, and no token came.",
        "Send one as the header `Authorization: Bearer TOKEN`; whoever runs the server has it, or an "
        "invitation for you.",
    )


def unknown_token() -> VoicechatError:
    """A token that this server didn't sign; strangers are told no more than that."""
    return VoicechatError(
        ErrorCode.UNAUTHORIZED,
        "The token is not one of this server's.",
        "Check that it was copied whole, and that it is for this server.",
    )


def expired_token(ended: datetime) -> VoicechatError:
    """A token whose time is over."""
    return VoicechatError(ErrorCode.UNAUTHORIZED, f"The token expired at {_moment(ended)}.", _ANOTHER)


def token_of_the_future(begins: datetime, now: datetime) -> VoicechatError:
    """A token whose time has not come, by this machine's clock."""
    return VoicechatError(
        ErrorCode.UNAUTHORIZED,
        f"The token is valid from {_moment(begins)} on, and the server's clock says {_moment(now)}.",
        "Set the clock of the server, or that of the machine on which the token was made.",
    )


def revoked_token() -> VoicechatError:
    """A token that was revoked."""
    return VoicechatError(ErrorCode.UNAUTHORIZED, "The token was revoked.", _ANOTHER)


def missing_scope(scope: Scope) -> VoicechatError:
    """A token doesn't let its holder do this."""
    return VoicechatError(
        ErrorCode.FORBIDDEN,
        f"Your token has no scope {scope.value!r}, which this needs.",
        "Ask whoever runs the server for a token with that scope.",
    )


def limited_token() -> VoicechatError:
    """A token that is limited to some chats doesn't let its holder create others."""
    return VoicechatError(
        ErrorCode.FORBIDDEN,
        "Your token is limited to certain chats, so you can't create others.",
        "Ask whoever runs the server for a token without that limit.",
    )


def owners_only(chat_id: str, owner: str) -> VoicechatError:
    """Only the owner of a chat may do this."""
    return VoicechatError(
        ErrorCode.NOT_OWNER,
        f"Only {owner!r}, who owns the chat {chat_id!r}, may do this.",
        f"Ask {owner!r} to do it.",
    )


def nobody_is_asked() -> VoicechatError:
    """A server that asks nobody who they are can keep nothing from anybody."""
    return VoicechatError(
        ErrorCode.FORBIDDEN,
        "This server asks nobody who they are, so it can't keep a chat private.",
        "Start it with --auth token.",
    )


def unknown_person(name: str) -> VoicechatError:
    """Nobody has a token with this name."""
    return VoicechatError(
        ErrorCode.NOT_FOUND,
        f"Nobody called {name!r} has a token for this server.",
        "Check the name, or send them an invitation.",
    )


def no_name() -> VoicechatError:
    """An invitation is to become a token, and no name was chosen."""
    return VoicechatError(
        ErrorCode.BAD_FIELD,
        "The name is missing.",
        "Choose the name that others will see, and send it along.",
    )


def nothing_to_join() -> VoicechatError:
    """Somebody with a token redeems an invitation that is for no certain chat."""
    return VoicechatError(
        ErrorCode.BAD_INVITATION,
        "You have a token already, and this invitation is for no certain chat.",
        "Leave it to somebody without a token; it can still be used.",
    )


def wrong_name(claimed: str, name: str) -> VoicechatError:
    """Somebody acts under a name that isn't theirs."""
    return VoicechatError(
        ErrorCode.WRONG_NAME,
        f"The name {claimed!r} is not yours: your token is that of {name!r}.",
        f"Leave the name out, or write {name!r}.",
    )


def unknown_invitation() -> VoicechatError:
    """An invitation that this server didn't sign."""
    return VoicechatError(
        ErrorCode.BAD_INVITATION,
        "The invitation is not one of this server's.",
        "Check that the link was copied whole, and that it is for this server.",
    )


def expired_invitation(ended: datetime) -> VoicechatError:
    """An invitation whose time is over."""
    return VoicechatError(
        ErrorCode.BAD_INVITATION, f"The invitation expired at {_moment(ended)}.", _ANOTHER_INVITATION
    )


def spent_invitation() -> VoicechatError:
    """An invitation that was redeemed as often as it may be, or revoked."""
    return VoicechatError(
        ErrorCode.BAD_INVITATION,
        "The invitation was used already, or has been revoked.",
        _ANOTHER_INVITATION,
    )


def name_of_another(name: str) -> VoicechatError:
    """A name that could be mistaken for that of somebody else the server knows."""
    return VoicechatError(
        ErrorCode.NAME_TAKEN,
        f"The name {name!r} is, or looks like, that of somebody this server knows.",
        "Take another name; if that one is yours, ask whoever runs the server for a token with it.",
    )


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
