"""Every limit of the microphone, with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MicrophonePolicy:
    """How a microphone is used, and how long it is waited for.

    Attributes:
        warm: Whether it stays open between talks. Opening one takes up to a second, in which words are lost.
        pre_roll_s: What a warm microphone adds from before a talk: people begin to speak with the key press.
        post_roll_s: What is still heard after the end of a talk, for what is on its way through the system.
        packet_ms: The length of the packets it gives: one frame of the recogniser.
        queue_s: Audio that may wait for a program that is busy. Beyond it the newest is lost, which is told.
        level_every_s: How often its level is told.
        lost_after_s: Without audio for so long it is taken for lost; a loaded machine may pause for less.
        look_every_s: How often the wished microphone is looked for while another one has to do. It costs a
            fifth of a second of processor time.
        longest_look_s: The longest time between such looks, where it is there and yet can't be had.
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
