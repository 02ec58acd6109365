"""Every limit of the chat client, with its reason."""

import math
import sys
from dataclasses import dataclass

from voicechat_tui.client.connection.policy import ConnectionPolicy


@dataclass(frozen=True)
class ChatPolicy(ConnectionPolicy):
    """Where a chat client differs from every client, and limits of its own.

    Attributes:
        ping_after_s: How often the connection is measured.
        measures: A chat may be silent for hours, so what comes says little about its connection.
        dead_after_s: Three pings without an answer, and some time for the last.
        lost_s: A person waits in a chat until the network is back, so there is no end to trying.
        busy_tries: Nor until a full server has room.
        unsent: Texts that may wait for their `message_ack`. More are refused: somebody types them again
            rather than finds out much later that a program had written a thousand.
        postponed_s: After how long a text is sent again that the server could not store now, where it does
            not say.
        typing_s: How often it is announced that somebody is still typing; the server believes it for twice as
            long.
    """

    ping_after_s: float = 5.0
    measures: bool = True
    dead_after_s: float = 17.0
    lost_s: float = math.inf
    busy_tries: int = sys.maxsize
    unsent: int = 1000
    postponed_s: float = 2.0
    typing_s: float = 3.0
