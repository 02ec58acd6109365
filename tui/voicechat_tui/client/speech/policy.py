"""Every limit of the speech client, with its reason."""

from dataclasses import dataclass

from voicechat_tui.client.connection.policy import ConnectionPolicy


@dataclass(frozen=True)
class SpeechPolicy(ConnectionPolicy):
    """How much audio the speech client keeps, beside what every client does.

    Attributes:
        ring_s: Audio kept, sent or not. Four times the 30 s a server keeps a lost stream, so that a stream
            can be resumed after any outage the server allows, and begun anew with what the server had not
            recognised. Beyond it the oldest audio is given up, counted and reported.
        window_s: Audio that may wait for the server's `ack` before `SpeechClient.send` waits. Half of the
            ring: the other half holds audio the server has, in case it comes back without it.
        packet_ms: The longest packet on the wire.
    """

    ring_s: float = 120.0
    window_s: float = 60.0
    packet_ms: int = 100
