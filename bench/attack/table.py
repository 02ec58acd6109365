"""The figures as tables."""

from bench.attack.attack import Unit
from bench.attack.figures import Figures, RoundFigures, SoakFigures

HEAD = (
    f"{'attack':34} {'amount':>18} {'time':>6} {'p99':>7} {'worst':>7} {'cut':>3} "
    f"{'memory':>17} {'files':>9}  ends; verdict"
)


def row(figures: RoundFigures) -> str:
    """Return one attack as a line."""
    ends = ", ".join(f"{count} {end}" for end, count in sorted(figures.ends.items()))
    before, after = figures.before, figures.after
    return (
        f"{figures.attack[:34]:34} {figures.amount:>9} {figures.unit:8} {figures.seconds:>4.0f} s "
        f"{figures.delay_ms_p99:>4.0f} ms {figures.delay_ms_worst:>4.0f} ms {figures.cuts:>3} "
        f"{before.resident_mb:>6.0f} → {after.resident_mb:>5.0f} MB "
        f"{before.descriptors:>3} → {after.descriptors:>3}  {ends}; {'; '.join(figures.wrong) or 'good'}"
    )


def summary(figures: Figures) -> str:
    """Return the total of what was sent, and how it went."""
    broken = sum(bool(each.wrong) for each in figures.rounds)
    frames = figures.total(Unit.FRAMES, Unit.MESSAGES)
    return (
        f"{len(figures.rounds)} attacks: {frames} frames, {figures.total(Unit.REQUESTS)} requests, "
        f"{figures.sockets} sockets, {figures.total(Unit.MEBIBYTES)} MiB; {broken} broke a bound"
    )


def soaked(soak: SoakFigures) -> str:
    """Return a soak as lines."""
    lines = [f"{soak.attacks} attacks in {soak.seconds:.0f} s, {soak.acks} acks meanwhile"]
    for name, slope in (
        ("memory, MB", soak.resident_mb),
        ("descriptors", soak.descriptors),
        ("p99 of acks, ms", soak.delay_ms_p99),
    ):
        lines.append(f"{name:16} {slope.first:9.1f} → {slope.last:9.1f}  ({slope.per_hour:+.2f} an hour)")
    return "\n".join([*lines, "; ".join(soak.wrong) or "good"])
