"""How text is written to a terminal."""

UTF8 = "utf-8"


def writable(encoding: str | None) -> str:
    """Return the encoding to write with.

    Args:
        encoding: What the locale says. One without Chinese, such as the ASCII of the locale C, gives way to
            UTF-8, which modern terminals and programs expect anyway.
    """
    if encoding is None:
        return UTF8
    try:
        "语".encode(encoding)
    except UnicodeEncodeError:
        return UTF8
    return encoding
