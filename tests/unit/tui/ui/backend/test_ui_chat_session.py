"""A chat that is open: what is said in it waits from the moment it is said."""

from tests.support.staged import CHAT, NOW, USER, connected, stored
from voicechat_tui.client.chat.events import TextQueued
from voicechat_tui.ui.backend.chat_session import ChatSession
from voicechat_tui.ui.model.conversation import Conversation


def test_an_own_text_is_taken_when_it_is_said_and_not_again_when_the_connection_has_it() -> None:
    session = ChatSession(CHAT, "Plans", Conversation(USER, lambda: NOW), {})
    session.apply(connected(), 0.0)
    assert session.say("hello") == 0
    (name,) = session.unsent
    said = session.conversation.rows()
    assert session.apply(TextQueued(client_message_id=name, content="hello"), 0.0) is None
    assert session.conversation.rows()[0] is said[0]
    assert session.apply(stored(1, USER, "hello", client_message_id=name), 0.0) == 0
    assert [row.text for row in session.conversation.rows()] == ["hello"]
