"""Every error a chat can raise, each defined once, with advice."""

from typing import NamedTuple

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.chat.records import Chat, StoredMessage

_RETRY_S = 5.0
_CHECK_DATABASE = "Check the place that --database or VOICECHAT_DATABASE names, and start the server again."

_LONGEST_REASON = 200


class _Cause(NamedTuple):
    sign: str
    cause: str
    advice: str


_CAUSES = (
    _Cause("locked", "another program has locked it", "End the program that writes to it, and try again."),
    _Cause("disk is full", "its disk is full", "Free some space on its disk, and try again."),
    _Cause("readonly", "it can't be written", "Let the server's user write the file and its directory."),
    _Cause("unable to open", "it can't be opened", "Let the server's user read and write its directory."),
    _Cause("not a database", "the file is not a database", "Move the file away, or name another one."),
    _Cause("malformed", "the file is damaged", "Move it away or restore a backup."),
    _Cause(
        "disk i/o error", "its disk fails", "Check the disk, and restore a backup if the file is damaged."
    ),
)


def unknown_chat(chat_id: str) -> VoicechatError:
    """There is no such chat."""
    return VoicechatError(
        ErrorCode.NOT_FOUND,
        f"There is no chat {chat_id!r}.",
        "Create one with POST /chat, or connect to /chatting, which creates what it does not find.",
    )


def stream_of_another(stream_id: str) -> VoicechatError:
    """The stream was spoken by somebody else, or into another chat."""
    return VoicechatError(
        ErrorCode.UNKNOWN_STREAM,
        f"There is no stream {stream_id!r} of yours in this chat to resume.",
        "Open a new one with `start` without `stream_id`.",
    )


def chat_ended(chat: Chat) -> VoicechatError:
    """The chat no longer takes messages."""
    when = "" if chat.ended_at is None else f" at {chat.ended_at.isoformat(timespec='seconds')}"
    return VoicechatError(
        ErrorCode.CHAT_ENDED,
        f"The chat {chat.chat_id!r} was ended by {chat.ended_by!r}{when}, and takes no more messages.",
        "Read it as long as you like; to say more, open another chat.",
    )


def id_taken(earlier: StoredMessage) -> VoicechatError:
    """The client reused a client_message_id for another text."""
    return VoicechatError(
        ErrorCode.ID_TAKEN,
        f"The client_message_id {earlier.client_message_id!r} of {earlier.speaker!r} already names "
        f"another text, message {earlier.seq} of the chat {earlier.chat_id!r}; this one is not stored.",
        "Send it with a client_message_id that was never used in this chat, such as a random one, or none.",
    )


def name_taken(chat_id: str, user: str, other: str) -> VoicechatError:
    """A newcomer's name could be mistaken for somebody else's."""
    return VoicechatError(
        ErrorCode.NAME_TAKEN,
        f"The name {user!r} looks like {other!r}, the name of somebody in the chat {chat_id!r}.",
        "Choose a name that can't be mistaken for that one; if it is yours, write it exactly the same way.",
    )


def unseen_name() -> VoicechatError:
    """A newcomer's name has no visible characters."""
    return VoicechatError(
        ErrorCode.BAD_FIELD,
        "The name consists of invisible characters.",
        "Choose a name with letters.",
    )


def not_owner(chat: Chat) -> VoicechatError:
    """Only the owner may do this."""
    return VoicechatError(
        ErrorCode.NOT_OWNER,
        f"Only {chat.owner!r}, who owns the chat {chat.chat_id!r}, may end it.",
        f"Ask {chat.owner!r} to end it, or just leave.",
    )


def beyond_the_end(chat_id: str, since: int, last_seq: int) -> VoicechatError:
    """A client claims to have messages that don't exist."""
    return VoicechatError(
        ErrorCode.BAD_FIELD,
        f"since is {since}, but the last message of the chat {chat_id!r} is {last_seq}.",
        "Your messages are not from this chat as the server knows it: read it again, with since=0.",
    )


def slow_reader(limit: int) -> VoicechatError:
    """A connection doesn't read what is sent to it fast enough."""
    return VoicechatError(
        ErrorCode.SLOW_READER,
        f"More than {limit} messages are waiting for this connection, which does not read them fast enough.",
        "Connect again with `since`, the seq of the last message you have; nothing is lost.",
    )


def speech_needs_a_user() -> VoicechatError:
    """Speech arrived for a chat without naming its speaker."""
    return VoicechatError(
        ErrorCode.BAD_FIELD,
        "`start` has a chat_id but no user.",
        "Name the speaker: send `start` again, with `user`.",
    )


def too_many_waiting() -> VoicechatError:
    """More is posted than the database can keep up with."""
    return VoicechatError(
        ErrorCode.BUSY,
        "More messages are waiting to be stored than the server can hold.",
        "Send the message again in a moment, with the same client_message_id.",
        retry_after_s=_RETRY_S,
    )


def too_many_chats(wait_s: float) -> VoicechatError:
    """One source creates more chats than the server allows."""
    return VoicechatError(
        ErrorCode.BUSY,
        "Too many chats were created from this address.",
        "Use an existing one, or wait.",
        retry_after_s=max(1.0, round(wait_s, 1)),
    )


def unexpected() -> VoicechatError:
    """A fault in the server; it is unknown whether the operation was stored."""
    return VoicechatError(
        ErrorCode.INTERNAL,
        "The server failed to store this.",
        "Send it again with the same client_message_id; if that fails too, report it with the server's log.",
    )


def shutting_down() -> VoicechatError:
    """The server no longer takes operations."""
    return VoicechatError(
        ErrorCode.SHUTTING_DOWN,
        "The server is shutting down.",
        "Send the message again in a moment, with the same client_message_id.",
        retry_after_s=_RETRY_S,
    )


def no_space() -> VoicechatError:
    """So little of the disk is free that nothing new is stored."""
    return VoicechatError(
        ErrorCode.STORAGE,
        "The chat database accepts nothing new: too little of its disk is free.",
        "Free some space on its disk, or lower --min-free-mb; what is stored can be read.",
        retry_after_s=_RETRY_S,
    )


def storage(error: Exception) -> VoicechatError:
    """The database failed; assume that nothing of the operation was stored."""
    text = str(getattr(error, "orig", None) or error)
    known = next((each for each in _CAUSES if each.sign in text.lower()), None)
    cause = known.cause if known else (text.splitlines() or [type(error).__name__])[0][:_LONGEST_REASON]
    advice = known.advice if known else _CHECK_DATABASE
    return VoicechatError(
        ErrorCode.STORAGE, f"The chat database failed: {cause}.", advice, retry_after_s=_RETRY_S
    )
