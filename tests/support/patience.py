"""Waiting for a frame: not for ever, and who gives up says what had come before."""

import asyncio
from collections import deque

from websockets.asyncio.client import ClientConnection

HEARS_WITHIN_S = 300.0
"""Longer than the busiest machine takes to say something, and no quarter of an hour."""

_KEPT = 20
_LONGEST_SHOWN = 200


class PatientReader:
    """Reads the frames of a connection, and remembers the last of them.

    Args:
        socket: The connection.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._heard: deque[str | bytes] = deque(maxlen=_KEPT)

    async def next(self) -> str | bytes:
        """Return the next frame.

        Raises:
            AssertionError: None came.
        """
        try:
            async with asyncio.timeout(HEARS_WITHIN_S):
                frame = await self._socket.recv()
        except TimeoutError:
            heard = "\n".join(repr(frame[:_LONGEST_SHOWN]) for frame in self._heard)
            raise AssertionError(f"nothing came for {HEARS_WITHIN_S} s; the last was:\n{heard}") from None
        self._heard.append(frame)
        return frame
