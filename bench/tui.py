"""What the terminal app costs: its first frame, a long conversation, and many simultaneous speakers.

    python -m bench.tui            everything
    python -m bench.tui --json     the figures for programs

- First frame: from the start of the process to its first words on a terminal, compared with an empty
  Textual app; the two take turns.
- An hour of speech in one chat: time for each update and memory, at the beginning and at the end.
- A history of 10,000 messages: time to scroll a page, and time for each of 1,001 further messages; at the
  last one, the oldest are dropped.
- Ten people speaking at the same time, 20 updates a second each: time until a keystroke shows.

The exit status is 1 if a figure exceeds its limit.
"""

import argparse
import asyncio
import json
import statistics
import sys
from dataclasses import asdict, dataclass

from bench.tui_paint import BLANK, VOICECHAT, first_picture
from bench.tui_stage import full_chat, hour_of_speech, scrolling, ten_speakers

PAINT_S = 0.7
KEY_MS = 100.0
PAGE_MS = 50.0
MESSAGE_MS = 50.0
GROWTH = 1.5
"""How many times as long the end of an hour may take as its beginning; machines are noisy."""


@dataclass(frozen=True)
class Figures:
    """What was measured. Times are medians unless the name says otherwise.

    Attributes:
        paint_s: First frame of the app.
        blank_paint_s: First frame of an empty app.
        update_first_ms: An update, in the first tenth of an hour of speech.
        update_last_ms: An update, in the last tenth.
        memory_first_mb: Memory after the first tenth.
        memory_last_mb: Memory at the end.
        page_p95_ms: To scroll a page of 10,000 messages.
        message_p95_ms: A message beyond 10,000.
        message_longest_ms: The longest of these.
        key_p95_ms: Until a keystroke shows while ten people speak.
    """

    paint_s: float
    blank_paint_s: float
    update_first_ms: float
    update_last_ms: float
    memory_first_mb: float
    memory_last_mb: float
    page_p95_ms: float
    message_p95_ms: float
    message_longest_ms: float
    key_p95_ms: float

    def beyond(self) -> list[str]:
        """Return the figures that exceed their limits."""
        checks = {
            f"first picture {self.paint_s:.2f} s, not below {PAINT_S} s": self.paint_s < PAINT_S,
            f"updates grow {self.update_last_ms / self.update_first_ms:.2f} times in an hour": (
                self.update_last_ms < GROWTH * self.update_first_ms
            ),
            f"a page takes {self.page_p95_ms:.0f} ms, not below {PAGE_MS:.0f} ms": self.page_p95_ms < PAGE_MS,
            f"a message beyond 10,000 takes {self.message_p95_ms:.0f} ms, not below {MESSAGE_MS:.0f} ms": (
                self.message_p95_ms < MESSAGE_MS
            ),
            f"a key takes {self.key_p95_ms:.0f} ms, not below {KEY_MS:.0f} ms": self.key_p95_ms < KEY_MS,
        }
        return [text for text, holds in checks.items() if not holds]


def main() -> int:
    """Measure, and print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="first pictures of each")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON on standard output")
    options = parser.parse_args()
    pictures = [(first_picture(VOICECHAT), first_picture(BLANK)) for _ in range(options.rounds)]
    hour = asyncio.run(hour_of_speech())
    full = asyncio.run(full_chat())
    figures = Figures(
        paint_s=statistics.median(ours for ours, _ in pictures),
        blank_paint_s=statistics.median(blank for _, blank in pictures),
        update_first_ms=hour.first_ms,
        update_last_ms=hour.last_ms,
        memory_first_mb=hour.first_mb,
        memory_last_mb=hour.last_mb,
        page_p95_ms=asyncio.run(scrolling(messages=10_000)),
        message_p95_ms=full.p95_ms,
        message_longest_ms=full.longest_ms,
        key_p95_ms=asyncio.run(ten_speakers(seconds=10.0)),
    )
    print(json.dumps(asdict(figures)) if options.json else table(figures))
    beyond = figures.beyond()
    print("\n".join(beyond), file=sys.stderr)
    return 1 if beyond else 0


def table(figures: Figures) -> str:
    """Return the figures as a table in Markdown."""
    ratio = figures.paint_s / figures.blank_paint_s
    rows = [
        ("first picture", f"{figures.paint_s:.2f} s", f"{ratio:.2f} times an app that does nothing"),
        (
            "an update, first and last tenth of an hour of speech",
            f"{figures.update_first_ms:.1f} and {figures.update_last_ms:.1f} ms",
            f"memory {figures.memory_first_mb:.0f} and {figures.memory_last_mb:.0f} MB",
        ),
        ("a page of 10,000 messages, 95th percentile", f"{figures.page_p95_ms:.0f} ms", ""),
        (
            "a message beyond 10,000, 95th percentile",
            f"{figures.message_p95_ms:.0f} ms",
            f"the longest {figures.message_longest_ms:.0f} ms",
        ),
        ("a key while ten people speak, 95th percentile", f"{figures.key_p95_ms:.0f} ms", ""),
    ]
    lines = ["| what | figure | |", "|---|---|---|"]
    return "\n".join(lines + [f"| {what} | {figure} | {more} |" for what, figure, more in rows])


if __name__ == "__main__":
    sys.exit(main())
