"""A check that both WebSockets of a server can be used from here; nothing is left behind there."""

import asyncio

from websockets.exceptions import ConnectionClosed

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.chat import ChatError, ChatServerMessage, chat_server_decoder
from voicechat_common.protocol.codec import Decoder, encode
from voicechat_common.protocol.speech import Error, Ping, ServerMessage, server_decoder
from voicechat_tui.client.connection import failures
from voicechat_tui.client.connection.address import chat_url, speech_url
from voicechat_tui.client.connection.connect import open_socket
from voicechat_tui.client.connection.link import closing


async def check_sockets(address: str, within_s: float) -> None:
    """Open the WebSockets for speech and for chats, and get an answer over each.

    Args:
        address: The server's, as people write it.
        within_s: The longest that opening one, or an answer, may take.

    Raises:
        VoicechatError: Why one of them can't be used.
    """
    await _hear(speech_url(address), encode(Ping()), server_decoder, within_s)
    # A client that names no chat is told so, and no chat is created.
    await _hear(chat_url(address, None), None, chat_server_decoder, within_s)


async def _hear(
    url: str,
    question: str | None,
    decoder: Decoder[ServerMessage] | Decoder[ChatServerMessage],
    within_s: float,
) -> None:
    try:
        socket = await open_socket(url, within_s)
    except VoicechatError as error:
        # A token that is not for this socket was read by the server, so the way there is open.
        if error.code is ErrorCode.FORBIDDEN:
            return
        raise
    try:
        async with asyncio.timeout(within_s):
            if question is not None:
                await socket.send(question)
            answer = decoder.decode(await socket.recv())
    except TimeoutError as error:
        raise failures.no_answer(within_s) from error
    except ConnectionClosed as error:
        raise failures.closed(closing(socket)) from error
    except VoicechatError as error:
        raise failures.not_our_protocol(error.message) from error
    finally:
        await socket.close()
    if isinstance(answer, Error | ChatError) and answer.code != ErrorCode.BAD_FIELD:
        raise failures.told_by_server(answer)
