"""Whether the app has anything left to do."""

from textual.command import CommandPalette

from voicechat_tui.ui.background import STEP
from voicechat_tui.ui.base_app import BaseApp
from voicechat_tui.ui.screens.chat import ChatScreen


def is_quiet(app: BaseApp) -> bool:
    """Tell whether nothing is queued, under way or due to be drawn; judged apart from how keys wait."""
    nodes = [app, *(node for screen in app.screen_stack for node in screen.walk_children(with_self=True))]
    return not (
        any(node.message_queue_size for node in nodes)
        or any(worker.group == STEP or isinstance(worker.node, CommandPalette) for worker in app.workers)
        or any(isinstance(screen, ChatScreen) and screen._frame for screen in app.screen_stack)
    )
