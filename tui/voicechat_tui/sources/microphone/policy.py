"""Every limit of the microphone, with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MicrophonePolicy:
    """How a microphone is used, and how long to wait for it.

    Attributes:
        warm: Whether it stays open between talks. Opening one takes up to a second, in which words are lost.
        pre_roll_s: What a warm microphone adds from before a talk: people start to speak as they press the
            key.
        post_roll_s: What is still recorded after the end of a talk, for audio on its way through the
            system.
        packet_ms: The length of its packets: one frame of the recogniser.
        queue_s: Audio that may wait for a busy program. Beyond that the newest is lost, which is reported.
        level_every_s: How often its level is reported.
        lost_after_s: After this long without audio it counts as lost; on a loaded machine, shorter pauses
            occur.
        look_every_s: How often to look for the chosen microphone while another one stands in. A look costs
            a fifth of a second of processor time.
        longest_look_s: The longest time between such looks, if it is there but can't be opened.
        first_retry_s: The delay before the next attempt when none could be opened; each further one is twice
            as long.
        longest_retry_s: The longest delay between attempts.
    """

    warm: bool = True
    pre_roll_s: float = 0.3
    post_roll_s: float = 0.3
    packet_ms: int = 60
    queue_s: float = 10.0
    level_every_s: float = 0.05
    lost_after_s: float = 2.0
    look_every_s: float = 3.0
    longest_look_s: float = 60.0
    first_retry_s: float = 0.5
    longest_retry_s: float = 4.0
