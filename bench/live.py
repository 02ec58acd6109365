"""How many streams a server sustains live over real WebSockets."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.audio import Scene
from bench.children import figures_of
from bench.figures import ClientFigures, SceneFigures, ServerFigures
from bench.server import RunningServer, serving

_MORE_THAN_ENOUGH = 1000

Trial = Callable[[int], ClientFigures]
Log = Callable[[str], None]


@dataclass(frozen=True)
class LivePlan:
    """How thorough a measurement is.

    Attributes:
        first: Streams the search begins with.
        limit: Streams it ends with at the latest.
        trial_s: How long people speak in a trial.
        confirm_s: How long they speak in the trials that count.
        confirmations: Trials that count; their median does.
    """

    first: int
    limit: int
    trial_s: float
    confirm_s: float
    confirmations: int


def measure(model: Path, device: str, plan: LivePlan, log: Log) -> ServerFigures:
    """Return what a server carries, and what that costs it."""
    with serving(model, device, None) as server:
        admitted = server.admitted
        lone = _trial(server, Scene.SPEECH, 1, plan.confirm_s, log)
    with serving(model, device, _MORE_THAN_ENOUGH) as server:
        loading_mb = server.loading_mb
        _trial(server, Scene.SPEECH, plan.first, plan.trial_s, log)
        resident_mb = server.memory.most_mb
        scenes = [_scene(server, scene, plan, log) for scene in Scene]
        return ServerFigures(
            precision=server.precision,
            admitted=admitted,
            lone=lone,
            memory_streams=plan.first,
            resident_mb=resident_mb,
            loading_mb=loading_mb,
            scenes=scenes,
        )


def _scene(server: RunningServer, scene: Scene, plan: LivePlan, log: Log) -> SceneFigures:
    trials: list[ClientFigures] = []

    def trial(streams: int) -> ClientFigures:
        trials.append(_trial(server, scene, streams, plan.trial_s, log))
        return trials[-1]

    def confirm(streams: int) -> ClientFigures:
        return confirmed(lambda: _trial(server, scene, streams, plan.confirm_s, log), plan.confirmations)

    streams = highest(trial, plan.first, plan.limit)
    sustained = confirm(streams)
    while not sustained.is_live and streams > 1:
        trials.append(sustained)
        streams -= 1
        sustained = confirm(streams)
    return SceneFigures(scene=scene, sustained=sustained, trials=trials)


def confirmed(trial: Callable[[], ClientFigures], times: int) -> ClientFigures:
    """Return the median of an odd number of trials; those that can't change whether it is live are left out.

    A machine that others use, too, is now slow, now fast.

    Args:
        trial: Tries it once more.
        times: How often at most.
    """
    results: list[ClientFigures] = []
    while all([each.is_live for each in results].count(live) <= times // 2 for live in (True, False)):
        results.append(trial())
    is_live = results[-1].is_live
    middle = len(results) // 2 if is_live else (len(results) - 1) // 2
    return sorted(results, key=lambda figures: figures.delay_ms_p99)[middle]


def highest(trial: Trial, first: int, limit: int) -> int:
    """Return the most streams found live: grow by a quarter until it fails, then close in by halves.

    Args:
        trial: Tries so many streams.
        first: Streams to begin with.
        limit: No more than these are tried.
    """
    good, bad = 0, limit + 1
    streams = first
    while bad - good > 1:
        if trial(streams).is_live:
            good = streams
        else:
            bad = streams
        grown = good + max(1, good // 4)
        streams = grown if bad > limit else (good + bad) // 2
        streams = min(streams, bad - 1)
    return max(good, 1)


def _trial(server: RunningServer, scene: Scene, streams: int, seconds: float, log: Log) -> ClientFigures:
    told = figures_of("bench.client", server.address, scene, streams, seconds)
    figures = ClientFigures.model_validate_json(told)
    log(
        f"{scene}: {streams} streams, {figures.delay_ms_p99:.0f} ms at the 99th percentile, "
        f"health {figures.health_ms_p99:.0f} ms: {'live' if figures.is_live else 'too late'}"
    )
    return figures
