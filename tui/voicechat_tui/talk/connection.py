"""How `say` and `tail` connect to their chat."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from typing import TypeVar

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.connection.backoff import Backoff
from voicechat_tui.client.connection.failures import UnavailableError
from voicechat_tui.client.http import HttpClient
from voicechat_tui.client.own_name import own_name
from voicechat_tui.console import exit_codes
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.language import _

ResultT = TypeVar("ResultT")


def policy(reconnect_s: float) -> ChatPolicy:
    """Return the limits for a command that does not wait for the network forever."""
    usual = ChatPolicy()
    return replace(usual, lost_s=reconnect_s, unreachable_s=min(usual.unreachable_s, reconnect_s))


def trying_again(reason: str, seconds: float) -> str:
    """Print why something is retried, and when."""
    return _("{reason} Trying again in {seconds:.1f} s.", reason=reason, seconds=seconds)


async def last_seq(
    server: str, chat_id: str, limits: ChatPolicy, tell: Callable[[str], object]
) -> int | None:
    """Return the `seq` of a chat's last message, or None if there is no such chat.

    If the server is expected back soon, this waits for it, as an established connection would.

    Args:
        server: The server's address.
        chat_id: Which chat.
        limits: How long to wait.
        tell: Called with the text to print for each wait.

    Raises:
        VoicechatError: If it can't be obtained.
    """
    async with HttpClient(server) as http:

        async def ask() -> int | None:
            try:
                return (await http.chat(chat_id, limit=1)).message_count
            except VoicechatError as error:
                if error.code is ErrorCode.NOT_FOUND:
                    return None
                raise

        return await _patiently(ask, limits, tell)


async def name_on(server: str, limits: ChatPolicy, tell: Callable[[str], object]) -> str | None:
    """Return the name that a token gives the person on a server, or None where nothing says it.

    Args:
        server: The server's address.
        limits: How long to wait for it.
        tell: Called with the text to print for each wait.

    Raises:
        VoicechatError: If it can't be obtained.
    """
    return await _patiently(lambda: own_name(server), limits, tell)


async def _patiently(
    ask: Callable[[], Awaitable[ResultT]], limits: ChatPolicy, tell: Callable[[str], object]
) -> ResultT:
    # The jitter of a delay is not security-relevant.
    backoff = Backoff(limits, Random())  # noqa: S311
    while True:
        try:
            return await ask()
        except VoicechatError as error:
            delay = backoff.delay(error, asyncio.get_running_loop().time())
            # If nobody answers at all, the address may be wrong, which should be reported soon.
            if delay is None or (
                error.code is ErrorCode.SERVER_UNREACHABLE and not isinstance(error, UnavailableError)
            ):
                raise
            tell(trying_again(error.message, delay))
            await asyncio.sleep(delay)


def exit_code_of(error: VoicechatError) -> ExitCode:
    """Return the exit status for an error; here, losing the connection loses no audio."""
    return ExitCode.UNREACHABLE if error.code is ErrorCode.CONNECTION_LOST else exit_codes.exit_code_of(error)
