"""The encoding of text written to a terminal."""

UTF8 = "utf-8"


def writable(encoding: str | None) -> str:
    """Return the encoding to write with.

    Args:
        encoding: The locale's encoding. If it lacks Chinese, like the ASCII of the C locale, UTF-8 is used
            instead, which modern terminals and programs expect anyway.
    """
    if encoding is None:
        return UTF8
    try:
        "语".encode(encoding)
    except UnicodeEncodeError:
        return UTF8
    return encoding
