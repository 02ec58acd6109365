"""The person's own voice: the microphone while a chat is open, and the talk."""

import asyncio
from contextlib import suppress
from functools import partial

from textual.worker import WorkerCancelled, WorkerFailed

from voicechat_common.errors import VoicechatError
from voicechat_common.levels import FLOOR_DB, Level
from voicechat_common.protocol.speech import Ack, Done, Error, Final, Partial, Ready, Start
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.connection.failures import server_words
from voicechat_tui.client.speech.events import AudioLost, Event, Resumed
from voicechat_tui.language import _
from voicechat_tui.sources.microphone.events import (
    AllZero,
    Closed,
    LevelChanged,
    Lost,
    Opened,
    Overflow,
    Returned,
    Unavailable,
)
from voicechat_tui.ui.backend.chat_session import ChatSession
from voicechat_tui.ui.backend.sound import MachineSound, Sound, Voice
from voicechat_tui.ui.backend.voice_session import VoiceSession
from voicechat_tui.ui.controllers.messages import VoiceEventArrived
from voicechat_tui.ui.model.status import Mic, Status, Waiting
from voicechat_tui.ui.protocols import Voicechat
from voicechat_tui.voice.events import JournalStopped, TalkEnded, TalkHeard, TalkStarted, VoiceEvent

GROUP = "voice"
"""The group of the workers that hold a microphone or deliver what was said."""
UNHEARD_S = 3.0
"""A server acknowledges speech every second; after so long without one it receives nothing."""


class VoiceController:
    """What the person says.

    Args:
        app: The app whose state this is a part of.
        sound: The machine's microphones; the real ones unless given.

    Attributes:
        sound: The machine's microphones.
        unheard_ms: What was said and did not reach the server before the app ended.
    """

    def __init__(self, app: Voicechat, sound: Sound | None) -> None:
        self.sound = sound or MachineSound()
        self.unheard_ms = 0
        self._app = app
        self._session: VoiceSession | None = None
        self._microphone = asyncio.Lock()
        self._wanted: Start | None = None
        self._talk = 0
        self._device = ""
        self._listens = False
        self._level: Level | None = None
        self._lag_ms: float | None = None
        self._trouble: tuple[Mic, VoicechatError] | None = None
        self._heard_at = 0.0
        self._waiting: dict[tuple[VoiceSession, int], Waiting] = {}
        self._silent: set[str] = set()
        self._fallback = ""

    @property
    def status(self) -> Status:
        """What the status line shows of the microphone."""
        return Status(
            mic=self._mic,
            device=self._device,
            level=self._level,
            speech=self._speech,
            lag_ms=self._lag_ms,
        )

    @property
    def _speech(self) -> Waiting | None:
        """Speech that waits for the server, also from a chat that was left."""
        if self._waiting:
            # The newest one with a known reason is the most informative.
            return max(self._waiting.values(), key=lambda waiting: (bool(waiting.reason), waiting.since))
        is_heard = self._app.clock() - self._heard_at < UNHEARD_S
        if self._lag_ms is None or is_heard or self._mic is not Mic.OPEN:
            return None
        return Waiting(self._heard_at, reason=_("the server says nothing"))

    @property
    def _mic(self) -> Mic:
        if self._trouble is not None:
            return self._trouble[0]
        if self._wanted is None and not self._listens:
            return Mic.OFF
        if self._muted:
            return Mic.MUTED
        if self._wanted is None:
            return Mic.READY
        return Mic.OPEN if self._listens else Mic.OPENING

    @property
    def open_device(self) -> tuple[str, Level | None]:
        """The name of the microphone that is open, and its level; no name if none is open."""
        return (self._device if self._listens else "", self._level)

    @property
    def _muted(self) -> bool:
        return self._app.local.muted

    # What the person does

    def enter(self) -> None:
        """Let a warm microphone warm up, because a chat is shown."""
        if self._app.settings.warm_microphone:
            self._start()

    def leave(self) -> None:
        """Close the microphone, because the chat is left. Delivery of what was said continues."""
        self._wanted = None
        self._put_down()
        self._trouble, self._lag_ms = None, None

    async def end(self) -> None:
        """Wait briefly for the last words to be delivered, because the app ends."""
        self._wanted = None
        workers = [worker for worker in self._app.workers if worker.group == GROUP]
        for worker in workers:
            if not worker.is_cancelled:
                worker.cancel()
            with suppress(WorkerCancelled, WorkerFailed):  # The app reports a failure itself.
                await worker.wait()

    def toggle(self, session: ChatSession) -> None:
        """Begin to talk, or stop."""
        voice = self._voice
        if self._wanted is not None:
            self._wanted = None
            if voice is not None:
                voice.close()
        else:
            self._wanted = Start(user=session.conversation.user, chat_id=session.chat_id)
            self._start()
            if voice is not None:
                self._talk = voice.open(self._wanted)
            if self._trouble is not None:
                self._app.report_error(_("Nobody hears you"), self._trouble[1])
        self._app.show_status()

    def mute(self) -> None:
        """Mute or unmute the microphone; remembered for the next time."""
        muted = not self._muted
        self._app.local.muted = muted
        self._app.save_local()
        if self._voice is not None:
            self._voice.mute(muted=muted)
        self._app.announce(_("Microphone"), _("It is muted now.") if muted else _("It is no longer muted."))
        self._app.show_status()

    def reopen(self) -> None:
        """Switch to the microphone of the settings, after they have changed."""
        if self._session is not None:
            self._put_down()
            self._start()

    @property
    def _voice(self) -> Voice | None:
        return None if self._session is None else self._session.voice

    def _start(self) -> None:
        if self._session is None:
            self._session = VoiceSession(lambda: self.sound.voice(self._app.settings), self._microphone)
            self._app.in_background(partial(self._live, self._session), group=GROUP)

    def _put_down(self) -> None:
        if self._session is not None:
            self._session.leave()
        self._session = None
        self._listens, self._level = False, None

    async def _live(self, session: VoiceSession) -> None:
        try:
            await session.run(
                self._entered, lambda event: self._app.post_message(VoiceEventArrived(session, event))
            )
        finally:
            self.unheard_ms += session.unheard_ms
            self._waiting = {key: waiting for key, waiting in self._waiting.items() if key[0] is not session}
            if self._session is session:
                self._session = None

    def _entered(self, voice: Voice) -> None:
        voice.mute(muted=self._muted)
        if self._wanted is not None:
            self._talk = voice.open(self._wanted)

    # Events

    def handle_event(self, session: VoiceSession, event: VoiceEvent) -> None:
        """Handle an event of the microphone or a talk."""
        session.taken()
        if session is self._session:
            self._of_own_microphone(event)
        self._of_talk(event)
        self._note_waiting(session, event)
        self._app.show_status()

    def _note_waiting(self, session: VoiceSession, event: VoiceEvent) -> None:
        """Track whether a talk waits: from its start or an interruption until the server answers."""
        now = self._app.clock()
        match event:
            case TalkStarted(talk=talk):
                self._waiting[session, talk] = Waiting(now)
            case TalkHeard(talk=talk, event=Retrying(in_s=in_s, reason=reason)):
                since = self._waiting.get((session, talk), Waiting(now)).since
                self._waiting[session, talk] = Waiting(since, now + in_s, reason)
            case TalkHeard(talk=talk, event=Ready() | Resumed() | Ack() | Partial() | Final() | Done()):
                self._waiting.pop((session, talk), None)
                self._heard_at = now
            case TalkEnded(talk=talk):
                self._waiting.pop((session, talk), None)
            case _:
                pass

    def _of_own_microphone(self, event: VoiceEvent) -> None:
        match event:
            case Opened() | Closed() | Lost() | Unavailable() | Returned():
                self._device_changed(event)
            case LevelChanged(level=level):
                self._level = level
                if level.peak_db > FLOOR_DB:
                    self._silent.discard(self._device)
            case AllZero(error=error):
                self._fell_silent(error)
            case Overflow(ms=ms):
                self._lost(_("{ms} ms were lost because this machine was too busy.", ms=ms))
            case TalkStarted(talk=talk):
                self._talk = talk
            case TalkHeard(event=Ack(lag_ms=lag_ms)):
                self._lag_ms = lag_ms
            case TalkEnded(talk=talk) if talk == self._talk:
                self._wanted = None
                self._lag_ms = None
            case _:
                pass

    def _fell_silent(self, error: VoicechatError) -> None:
        """Report a silent microphone once, until there is sound again."""
        if self._device not in self._silent:
            self._silent.add(self._device)
            self._app.report_error(_("The microphone is silent"), error)

    def _took_another(self, problem: str) -> None:
        """Report once that a microphone other than the configured one is open, until that changes."""
        if problem and problem != self._fallback:
            self._app.announce(_("Another microphone"), problem, "warning")
        self._fallback = problem

    def _of_talk(self, event: VoiceEvent) -> None:
        match event:
            case TalkHeard(event=heard):
                self._heard(heard)
            case TalkEnded():
                self._ended(event)
            case JournalStopped(error=error):
                self._app.report_error(_("The journal has stopped"), error)
            case _:
                pass

    def _device_changed(self, event: Opened | Closed | Lost | Unavailable | Returned) -> None:
        app = self._app
        self._listens = isinstance(event, Opened)
        match event:
            case Opened(device=device, problem=problem):
                self._device, self._trouble = device.name, None
                self._took_another("" if problem is None else str(problem))
            case Returned(device=device):
                app.announce(_("Microphone"), _("{device} is back.", device=device))
            case Lost(error=error):
                self._trouble = (Mic.LOST, error)
                app.report_error(_("The microphone is gone"), error)
            case Unavailable(error=error):
                self._trouble = (Mic.ABSENT, error)
                if self._wanted is not None:
                    app.report_error(_("Nobody hears you"), error)
                else:
                    app.log_lines.add(str(error), "warning")
            case Closed():
                self._level = None

    def _heard(self, event: Event) -> None:
        match event:
            case AudioLost(ms=ms):
                self._lost(_("{seconds} s could no longer be sent.", seconds=round(ms / 1000, 1)))
            case Error():
                words = server_words(event.code, event.message, event.advice)
                self._app.announce(_("The server says"), " ".join(words), "error")
            case Retrying(reason=reason):
                self._app.log_lines.add(reason, "warning")
            case _:
                pass  # What was recognised comes through the chat, to everybody alike.

    def _ended(self, event: TalkEnded) -> None:
        if event.error is not None:
            self._app.report_error(_("The talk broke off"), event.error)
        if event.unheard_ms and event.error is not None:
            self._lost(
                _("{seconds} s of it did not reach the server.", seconds=round(event.unheard_ms / 1000, 1))
            )

    def _lost(self, text: str) -> None:
        self._app.announce(_("Some speech was lost"), text, "error")
