"""The conversation on the screen: what is drawn of it, and what is copied."""

import pytest

from tests.support.staged import CHAT, StagedBackend, caught_up, connected, staged_app, stored, until

TABLE = "\tname\tcount\n\t一\t2"


async def test_a_tab_is_drawn_as_spaces_and_copied_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = StagedBackend()
    app = staged_app(backend, chat=CHAT)
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: backend.places)
        backend.places[0].tell(connected(), stored(1, "bob", TABLE), caught_up(1))
        screen = app.desk.screen
        assert screen is not None
        await until(pilot, lambda: screen.timeline.rows)
        drawn = [screen.timeline.render_line(line) for line in range(1, 3)]
        assert drawn[0].text.rstrip().endswith("│     name    count")
        assert drawn[1].text.rstrip().endswith("    一    2")
        await pilot.press("ctrl+y")
        await until(pilot, lambda: copied == [TABLE])
