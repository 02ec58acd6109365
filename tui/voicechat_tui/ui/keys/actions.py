"""Everything a person can do in the app, in one table.

Key bindings, hints, help, the command palette and the overrides in the settings all come from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from voicechat_tui.language import mark


class Context(StrEnum):
    """Where an action is available."""

    APP = "app"
    CHATS = "chats"
    CHAT = "chat"


@dataclass(frozen=True)
class Action:
    """Something a person can do.

    Attributes:
        id: Its name in settings; also the name of the method that does it.
        keys: Default keys. Essential actions have two, because terminals and multiplexers grab some.
        title: Its name in the palette and in the help.
        help: What it does, a sentence.
        context: Where it is available.
        hint: What the line of hints calls it; left out there if empty.
        in_turn: Whether the focused widget may take its keys first.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    context: Context
    hint: str = ""
    in_turn: bool = False

    @property
    def on_click(self) -> str:
        """The style that makes a text do it on a click, in any widget."""
        owner = "app" if self.context is Context.APP else "screen"
        return f"@click={owner}.{self.id}"


ACTIONS: tuple[Action, ...] = (
    Action(
        "talk",
        ("f2", "ctrl+t"),
        mark("Talk"),
        mark("Open the microphone, and close it again. What you say appears while you speak."),
        Context.CHAT,
        hint=mark("talk"),
    ),
    Action(
        "mute",
        ("f3", "ctrl+o"),
        mark("Mute or unmute"),
        mark("Keep the microphone silent without closing it."),
        Context.APP,
        hint=mark("mute"),
    ),
    Action(
        "back",
        ("escape", "alt+left"),
        mark("Back to the chats"),
        mark("Leave the chat; what you were writing is kept."),
        Context.CHAT,
        hint=mark("chats"),
    ),
    Action(
        "send",
        ("enter", "alt+s"),
        mark("Send"),
        mark("Send what you have written."),
        Context.CHAT,
        in_turn=True,
    ),
    Action(
        "newline",
        ("ctrl+j", "shift+enter"),
        mark("New line"),
        mark("Begin a new line in what you write."),
        Context.CHAT,
        in_turn=True,
    ),
    Action(
        "clear",
        ("ctrl+l", "alt+c"),
        mark("Clear what you write"),
        mark("Clear all of it at once, however long it is; ^z brings it back."),
        Context.CHAT,
    ),
    Action(
        "open_chat",
        ("enter",),
        mark("Open the chat"),
        mark("Open the chat that is marked in the list."),
        Context.CHATS,
        hint=mark("open"),
        in_turn=True,
    ),
    Action(
        "new_chat",
        ("ctrl+n", "f4"),
        mark("New chat"),
        mark("Begin a chat, or join one by its id."),
        Context.CHATS,
        hint=mark("new"),
    ),
    Action(
        "search",
        ("slash", "ctrl+f"),
        mark("Search the chats"),
        mark("Show only chats whose title, id or last words contain what you type."),
        Context.CHATS,
        hint=mark("search"),
    ),
    Action(
        "local_server",
        ("ctrl+l",),
        mark("Start a server here"),
        mark("Start a server with the demo model on this machine, where none is reached."),
        Context.CHATS,
    ),
    Action(
        "page_up",
        ("pageup", "ctrl+up"),
        mark("Earlier messages"),
        mark("Scroll up a page."),
        Context.CHAT,
    ),
    Action(
        "page_down",
        ("pagedown", "ctrl+down"),
        mark("Later messages"),
        mark("Scroll down a page."),
        Context.CHAT,
    ),
    Action(
        "newest",
        ("ctrl+end", "alt+end"),
        mark("Newest message"),
        mark("Go to the end of the chat, and follow what comes."),
        Context.CHAT,
    ),
    Action(
        "copy",
        ("ctrl+y", "f5"),
        mark("Copy a message"),
        mark("Copy the marked message, or else the newest one, to the clipboard; also over SSH."),
        Context.CHAT,
    ),
    Action(
        "export",
        ("ctrl+s",),
        mark("Save the chat to a file"),
        mark("Write the conversation to a new text file in the current directory."),
        Context.CHAT,
    ),
    Action(
        "end_chat",
        ("alt+x",),
        mark("End the chat"),
        mark("End the chat for everybody and for good, after asking you. Only its owner can."),
        Context.CHAT,
    ),
    Action(
        "reconnect",
        ("ctrl+r",),
        mark("Try the server again now"),
        mark("Don't wait for the next attempt."),
        Context.APP,
    ),
    Action(
        "devices",
        ("f6",),
        mark("Microphones"),
        mark("Choose the microphone; each one's level is shown."),
        Context.APP,
    ),
    Action(
        "settings",
        ("f7",),
        mark("Settings"),
        mark("Show and change the settings, and where their file is."),
        Context.APP,
    ),
    Action(
        "theme",
        ("f8",),
        mark("Next theme"),
        mark("Dark, light, the terminal's own colours, no colours."),
        Context.APP,
    ),
    Action(
        "dismiss",
        ("alt+d",),
        mark("Dismiss the notices"),
        mark("Close the notices at the top of the screen; the log keeps them."),
        Context.APP,
    ),
    Action(
        "log",
        ("f9",),
        mark("Log"),
        mark("Show what happened since the start, the newest at the bottom."),
        Context.APP,
    ),
    Action(
        "screenshot",
        ("alt+p",),
        mark("Save a picture of the screen"),
        mark("Write the screen as it is now to a new SVG file in the current directory."),
        Context.APP,
    ),
    Action(
        "palette",
        ("ctrl+p", "f12"),
        mark("Commands"),
        mark("Find anything that can be done now by its name."),
        Context.APP,
        hint=mark("commands"),
    ),
    Action(
        "help",
        ("f1", "ctrl+g"),
        mark("Help"),
        mark("Show what can be done here, with its keys."),
        Context.APP,
        hint=mark("help"),
    ),
    Action(
        "interrupt",
        ("ctrl+c",),
        mark("Copy, or quit"),
        mark("Copy what is selected with the mouse. With no selection: quit, when pressed twice."),
        Context.APP,
    ),
    Action(
        "quit",
        ("ctrl+q", "f10"),
        mark("Quit"),
        mark("Leave the app at once. What you were writing is kept."),
        Context.APP,
        hint=mark("quit"),
    ),
)

BY_ID = {action.id: action for action in ACTIONS}


def actions_of(*contexts: Context) -> Iterable[Action]:
    """Return the actions of some contexts, in the table's order."""
    return (action for action in ACTIONS if action.context in contexts)
