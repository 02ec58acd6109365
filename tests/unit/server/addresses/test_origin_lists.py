"""Lists of origins: which pages they allow, and what is said about bad ones."""

import re

import pytest

from voicechat_server.addresses.origins import LOCAL, parse_origins, pattern


def allows(origins: tuple[str, ...], origin: str) -> bool:
    return re.fullmatch(pattern(origins), origin) is not None


@pytest.mark.parametrize(
    "origin",
    ["http://localhost", "http://localhost:5173", "https://localhost:8443", "http://127.0.0.1:8000"],
)
def test_pages_of_this_machine_are_allowed_by_default(origin: str) -> None:
    assert allows(LOCAL, origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.org",
        "http://localhost.example.org",
        "http://localhost:80.example.org",
        "http://xlocalhost",
        "http://127.0.0.10",
        "http://127x0x0x1",
        "ftp://localhost",
        "http://localhost:5173/",
        "http://user@localhost",
        "null",
        "",
    ],
)
def test_others_are_not(origin: str) -> None:
    assert not allows(LOCAL, origin)


def test_a_list_allows_what_it_names_and_nothing_else() -> None:
    origins = parse_origins("https://Chat.example.org , http://10.0.0.5:3000,tauri://localhost")
    assert origins == ("https://chat.example.org", "http://10.0.0.5:3000", "tauri://localhost")
    assert allows(origins, "https://chat.example.org")
    assert not allows(origins, "https://chat.example.org:444")
    assert not allows(origins, "http://chat.example.org")
    assert allows(origins, "http://10.0.0.5:3000")
    assert not allows(origins, "http://localhost:5173")


def test_a_star_allows_every_page_and_an_empty_list_none() -> None:
    assert allows(parse_origins("*"), "null")
    assert allows(parse_origins("*"), "https://anything.example")
    assert not allows(parse_origins(","), "http://localhost")


@pytest.mark.parametrize(
    "text",
    ["localhost:5173", "https://example.org/", "https://example.org/chat", "https://*.example.org", "null"],
)
def test_what_is_no_origin_is_refused_with_its_form(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{text!r} is not an origin")):
        parse_origins(text)


def test_a_star_beside_others_contradicts_them() -> None:
    with pytest.raises(ValueError, match="contradicts"):
        parse_origins("*,https://example.org")
