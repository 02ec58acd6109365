"""What speech and chat have in common: one connection after another, without I/O and without a clock.

The owner of the socket reports what happens to the connection, hands in the text frames it receives, and
takes out what is to be sent. Times are seconds of any steady clock.
"""

from abc import ABC, abstractmethod
from collections import deque
from random import Random
from typing import Generic, Literal, TypeVar

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol import PROTOCOL_VERSION
from voicechat_common.protocol.codec import Decoder, Message, encode
from voicechat_tui.client.connection import failures
from voicechat_tui.client.connection.backoff import Backoff
from voicechat_tui.client.connection.policy import ConnectionPolicy
from voicechat_tui.client.connection.pulse import Pulse
from voicechat_tui.client.connection.state import LinkState, checked
from voicechat_tui.language import _

MessageT = TypeVar("MessageT", bound=Message)
EventT = TypeVar("EventT")


class Retrying(Message):
    """There is no connection now; the client tries again.

    Attributes:
        in_s: Seconds until the next attempt.
        reason: Why there is none, a sentence.
        advice: What to do about it; empty if there is nothing to add.
    """

    type: Literal["retrying"] = "retrying"
    in_s: float
    reason: str
    advice: str = ""


class ConnectionCore(ABC, Generic[MessageT, EventT]):
    """The state of a connection, through as many outages as its policy allows.

    Args:
        policy: The limits.
        random: Where the jitter of delays comes from.
        decoder: Reads the server's messages.

    Attributes:
        state: Where the connection stands.
    """

    def __init__(self, policy: ConnectionPolicy, random: Random, decoder: Decoder[MessageT]) -> None:
        self.state = LinkState.IDLE
        self._backoff = Backoff(policy, random)
        self._pulse = Pulse(policy)
        self._decoder = decoder
        self._events: deque[EventT | Retrying] = deque()
        self._verdict: VoicechatError | None = None
        self._now = 0.0

    def take_events(self) -> list[EventT | Retrying]:
        """Return what happened since the last call."""
        events = list(self._events)
        self._events.clear()
        return events

    @property
    def is_done(self) -> bool:
        """Whether no other connection is needed."""
        return self.state is LinkState.FINISHED

    @property
    def needs_connection(self) -> bool:
        """Whether there is a reason to connect again."""
        return True

    @property
    def wants_close(self) -> bool:
        """Whether the connection is of no more use."""
        return self._verdict is not None or self.is_done

    def connecting(self) -> None:
        """The socket is about to be opened."""
        self._go(LinkState.CONNECTING)

    def connected(self, now: float) -> None:
        """The socket is open."""
        self._go(LinkState.OPENING)
        self._now = now
        self._pulse.connected(now)

    def interrupted(self, error: VoicechatError, now: float) -> float:
        """The socket could not be opened or is closed. Return the seconds until the next attempt.

        Args:
            error: Why, as far as the socket tells; a reason the server gave counts more.
            now: The time.

        Raises:
            VoicechatError: If there should be no other attempt.
        """
        error = self._verdict or error
        delay = self._pause(error, now)
        self._events.append(Retrying(in_s=round(delay, 3), reason=error.message, advice=error.advice))
        return delay

    def check_alive(self, now: float) -> None:
        """Ping a server that has been silent for a while; give up the connection to one that stays silent."""
        self._now = now
        if self.state is LinkState.OPENING or self._is_open:
            self._verdict = self._verdict or self._pulse.check(now, is_open=self._is_open)

    def next_message(self) -> str | bytes | None:
        """Return what is to be sent now, or None."""
        if self._verdict is not None or not self._is_open:
            return None
        ping = self._pulse.next_message()
        return self._next_message() if ping is None else encode(ping)

    def receive(self, text: str | bytes, now: float) -> None:
        """Take a frame from the server."""
        self._now = now
        self._pulse.heard(now)
        try:
            message = self._decoder.decode(text)
        except VoicechatError as error:
            # A newer server may say more than is understood here, but not before it has introduced itself.
            if error.code is not ErrorCode.UNKNOWN_TYPE or self.state is LinkState.OPENING:
                self._verdict = failures.not_our_protocol(error.message)
            return
        self._handle(message)

    @abstractmethod
    def _next_message(self) -> str | bytes | None:
        """Return what is to be sent over an open connection, or None."""

    @abstractmethod
    def _handle(self, message: MessageT) -> None:
        """Take a message from the server."""

    @property
    def _is_open(self) -> bool:
        """Whether the server has introduced itself over this connection."""
        return self.state in (LinkState.OPEN, LinkState.STOPPING)

    def _go(self, state: LinkState) -> None:
        self.state = checked(self.state, state)

    def _accepts(self, introduction: str, protocol: int) -> bool:
        """Whether the server may introduce itself so; if not, the connection is given up.

        Args:
            introduction: The type of the message with which it does.
            protocol: The version it speaks.
        """
        if protocol != PROTOCOL_VERSION:
            self._verdict = failures.other_version(protocol)
            return False
        if self.state is not LinkState.OPENING:
            self._verdict = failures.not_our_protocol(_("`{message}` came twice", message=introduction))
            return False
        return True

    def _open(self) -> bool:
        """Take the connection for open. Return whether there was one before."""
        had_one = self._backoff.established
        self._go(LinkState.OPEN)
        self._backoff.opened(self._now)
        return had_one

    def _pause(self, error: VoicechatError, now: float) -> float:
        """Return the seconds until the next attempt.

        Raises:
            VoicechatError: If there should be none.
        """
        self._verdict = None
        delay = self._backoff.delay(error, now)
        if delay is None:
            self._go(LinkState.FAILED)
            raise self._given_up(error)
        self._go(LinkState.WAITING)
        return delay

    def _given_up(self, error: VoicechatError) -> VoicechatError:
        """Return the error with which the connection is given up.

        Args:
            error: What went wrong last.
        """
        return error
