"""Whatever the connection does, in any order: the client's view ends equal to the store, each text once."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.chat_double import message
from tests.support.chat_wire import ChatWire
from voicechat_common.errors import ErrorCode
from voicechat_tui.client.chat.events import HistoryRestarted
from voicechat_tui.client.chat.timeline import EntryState

STEPS = st.one_of(
    st.sampled_from(["connect", "cut", "own text", "other text", "speak", "say finally", "busy", "wait"]),
    st.tuples(st.sampled_from(["send", "answer", "receive"]), st.integers(1, 3)),
)


def do(wire: ChatWire, step: str | tuple[str, int], number: int) -> None:
    match step:
        case ("send", int(most)):
            wire.send(most)
        case ("answer", int(most)):
            wire.answer(most)
        case ("receive", int(most)):
            wire.receive(most)
        case "connect":
            wire.connect()
        case "cut":
            wire.cut()
        case "own text":
            wire.core.send(f"own {number}")
            wire.take_events()
        case "other text":
            wire.tell(wire.server.say(f"other {number}"))
        case "speak":
            wire.tell(message(None, f"speech {number}", message_id="spoken", revision=number))
        case "say finally":
            stored = wire.server.say(f"spoken {number}")
            wire.tell(stored.model_copy(update={"revision": number}))
        case "busy":
            wire.server.refusals.append(ErrorCode.BUSY)
        case "wait":
            wire.pass_time(0.5)


@given(st.lists(STEPS, max_size=60))
def test_the_view_ends_equal_to_the_store(steps: list[str | tuple[str, int]]) -> None:
    wire = ChatWire()
    for number, step in enumerate(steps):
        do(wire, step, number)
    wire.server.refusals.clear()
    wire.settle()
    stored = [(each.seq or 0, each.content) for each in wire.server.stored]
    assert wire.told == stored, "each once, in order, without gaps"
    own = [content for _, content in stored if content.startswith("own")]
    assert own == [f"own {number}" for number, step in enumerate(steps) if step == "own text"]
    assert wire.of(HistoryRestarted) == []
    entries = [entry for entry in wire.timeline.entries if entry.state is not EntryState.SPOKEN]
    assert [(entry.seq, entry.content) for entry in entries] == stored
