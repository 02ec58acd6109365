"""The figures as a picture."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.figures import CHUNK_MS, Figures
from bench.table import NAME

_OURS, _OTHERS, _FAINT = "#1f5fa8", "#9a9a9a", "#666666"


def draw(figures: Figures, path: Path) -> None:
    """Write a PNG: how many streams each system carries, and what a chunk costs in company."""
    with mpl.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(11, 4.6), layout="constrained")
        streams, cost = figure.subplots(1, 2, width_ratios=(1.15, 1))
        _streams(streams, figures)
        _cost(cost, figures)
        machine = figures.machine
        where = machine.processor if machine.device == "cpu" else machine.device
        figure.supxlabel(
            f"{figures.model} Paraformer, {CHUNK_MS} ms chunks; {where}, {machine.cores} cores",
            fontsize=9,
            color=_FAINT,
        )
        figure.savefig(path, dpi=150)


def _streams(axes: Axes, figures: Figures) -> None:
    bars = [
        (f"{other.system}\n{other.processes} x {_threads(other.threads)}", other.streams, _OTHERS)
        for other in figures.others
    ]
    bars += [
        (f"{NAME}, {figures.server.precision}\n{scene.scene}", float(scene.sustained.streams), _OURS)
        for scene in figures.server.scenes
    ]
    names, values, colours = zip(*reversed(bars), strict=True)
    drawn = axes.barh(names, values, color=colours, height=0.62)
    axes.bar_label(drawn, labels=[f"{value:.3g}" for value in values], padding=4)
    axes.set_title("Live streams on this machine", loc="left")
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False)
    axes.margins(x=0.12)


def _cost(axes: Axes, figures: Figures) -> None:
    for engine, colour in zip(figures.engine, (_OURS, "#c0561f", "#3a8a4d"), strict=False):
        sizes = [batch.streams for batch in engine.batches]
        costs = [batch.chunk_ms for batch in engine.batches]
        axes.plot(sizes, costs, color=colour, marker="o", markersize=4)
        axes.annotate(
            f"{NAME} {engine.precision}",
            (sizes[-1], costs[-1]),
            xytext=(0, 8),
            textcoords="offset points",
            color=colour,
            ha="right",
        )
    sizes = [batch.streams for batch in figures.engine[0].batches]
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, labels=[str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_yscale("log")
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500) if _within(tick, figures)]
    axes.set_yticks(ticks, labels=[str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("streams stepped together")
    axes.set_title("Milliseconds per stream and chunk", loc="left")


def _within(tick: float, figures: Figures) -> bool:
    costs = [batch.chunk_ms for engine in figures.engine for batch in engine.batches]
    return min(costs) / 2 <= tick <= max(costs) * 2


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"
