"""Sends to many sockets without waking a task for each.

A broadcast to a hundred people is a hundred sends, most of which need not wait because their sockets accept
more. Doing each in the task of its connection costs a third more than doing them right away, one by one.
"""

from collections.abc import Coroutine
from typing import Any

from fastapi import WebSocketDisconnect

from voicechat_server.api.sockets.client_socket import ClientSocket


class NonBlockingSender:
    """Sends text over a socket if that needs no waiting.

    Args:
        socket: An accepted socket.
    """

    def __init__(self, socket: ClientSocket) -> None:
        self._socket = socket

    def __call__(self, text: str) -> bool:
        """Send a text frame; if that would have to wait, send nothing and return False."""
        try:
            return _done_without_waiting(self._socket.send_text(text))
        except WebSocketDisconnect:
            # The task that receives from the socket notices too, and ends the connection.
            return True


def _done_without_waiting(sending: Coroutine[Any, Any, None]) -> bool:
    """Run a send; if it has to wait, which happens before anything is written, abandon it."""
    try:
        sending.send(None)
    except StopIteration:
        return True
    sending.close()
    return False
