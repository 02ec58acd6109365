"""Rows of text as aligned columns."""

from collections.abc import Sequence


def as_columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows of equal length with their cells aligned; the last column stays ragged."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )
