"""The events of a stream, and who hears them."""

import asyncio
from collections.abc import Callable

from voicechat_common.protocol.speech import Ack, Done, Error, Final, Partial

StreamEvent = Partial | Final | Ack | Error | Done

Stored = asyncio.Future[int | None]
"""Done once a final is stored, with its position in the chat, or refused for good, with None."""

Listener = Callable[[StreamEvent], Stored | None]
"""Hears every event of a stream once, when it happens, on the event loop. It must not block or raise.

For a final that it stores, it returns a future that is done when the final is stored.
"""
