"""How `say` and `tail` meet their chat."""

from dataclasses import replace

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.http import HttpClient
from voicechat_tui.language import _


def policy(reconnect_s: float) -> ChatPolicy:
    """Return the limits of a command that does not wait for the network for ever."""
    usual = ChatPolicy()
    return replace(usual, lost_s=reconnect_s, unreachable_s=min(usual.unreachable_s, reconnect_s))


def trying_again(reason: str, seconds: float) -> str:
    """Say why something has to be done again, and when."""
    return _("{reason} Trying again in {seconds:.1f} s.", reason=reason, seconds=seconds)


async def last_seq(server: str, chat_id: str) -> int | None:
    """Return the seq of a chat's last message, or None if there is no such chat."""
    async with HttpClient(server) as http:
        try:
            return (await http.chat(chat_id, limit=1)).message_count
        except VoicechatError as error:
            if error.code is ErrorCode.NOT_FOUND:
                return None
            raise
