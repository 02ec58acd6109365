"""The figures as tables in Markdown."""

from collections.abc import Sequence

from bench.figures import ClientFigures, Figures, ServerFigures

NAME = "voicechat"


def tables(figures: Figures) -> str:
    """Return all figures."""
    machine = figures.machine
    device = "" if machine.device == "cpu" else f", {machine.device}"
    head = (
        f"{machine.processor}, {machine.cores} cores{device}, Python {machine.python}, "
        f"PyTorch {machine.torch}, FunASR {machine.funasr}; model: {figures.model}."
    )
    parts = [head, _streams(figures), _batches(figures), _accuracy(figures), _server(figures.server)]
    parts += [f"Left out: {name}: {reason}." for name, reason in figures.left_out.items()]
    return "\n\n".join(parts)


def _streams(figures: Figures) -> str:
    rows = [
        (
            other.system,
            f"{other.processes} x {other.threads}",
            f"{other.chunk_ms:.0f}",
            f"{other.streams:.1f}",
        )
        for other in figures.others
    ]
    server = figures.server
    rows.extend(
        (
            f"**{NAME}, {server.precision}, {scene.scene}**",
            f"1 x {figures.machine.cores}",
            "",
            f"**{scene.sustained.streams}**",
        )
        for scene in server.scenes
    )
    return _table(("system", "processes x threads", "ms per 600 ms chunk", "streams live"), rows)


def _batches(figures: Figures) -> str:
    sizes = [batch.streams for batch in figures.engine[0].batches]
    heads = ("engine, ms per stream and chunk", *(f"{size} together" for size in sizes))
    memory = ("state of a stream, MB", "resident, MB")
    rows = [
        (
            f"{NAME}, {engine.precision}",
            *(f"{batch.chunk_ms:.1f}" for batch in engine.batches),
            f"{engine.state_mb:.2f}",
            f"{engine.resident_mb:.0f}",
        )
        for engine in figures.engine
    ]
    return _table((*heads, *memory), rows)


def _accuracy(figures: Figures) -> str:
    heads = ("demo model, its own recordings", "characters", "character error rate")
    rows = [
        (f"{NAME}, {each.precision}", str(each.characters), f"{each.error_rate:.2%}")
        for each in figures.accuracy
    ]
    return _table(heads, rows)


def _server(server: ServerFigures) -> str:
    trials = [("one stream", server.lone)]
    trials += [(f"{scene.scene}, most streams live", scene.sustained) for scene in server.scenes]
    heads = (
        "server, over WebSockets",
        "streams",
        "chunk's end to result: median, 99 %",
        "last sample to final: median, worst",
        "`/health`, 99 %",
        "audio decoded",
    )
    table = _table(heads, [_trial(name, trial) for name, trial in trials])
    return (
        f"{table}\n\nThe server admits {server.admitted} streams by its own measurement. It takes "
        f"{server.resident_mb:.0f} MB with {server.memory_streams} streams, and {server.loading_mb:.0f} MB "
        "at most while it loads."
    )


def _trial(name: str, trial: ClientFigures) -> tuple[str, ...]:
    final = ""
    if trial.final_ms_median is not None and trial.final_ms_worst is not None:
        final = f"{trial.final_ms_median:.0f} ms, {trial.final_ms_worst:.0f} ms"
    return (
        name,
        str(trial.streams),
        f"{trial.delay_ms_median:.0f} ms, {trial.delay_ms_p99:.0f} ms",
        final,
        f"{trial.health_ms_p99:.0f} ms",
        f"{trial.decoded_part:.0%}",
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
