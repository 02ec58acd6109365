"""The guide to the app says what the registry of actions has."""

from tools.keys_table import DOCUMENT, with_table


def test_the_table_of_keys_is_up_to_date() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document == with_table(document), "run python tools/keys_table.py"


def test_every_file_the_guide_shows_is_there() -> None:
    assert (DOCUMENT.parent / "images" / "chat.svg").is_file()
