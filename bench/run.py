"""One run: every system, the engine and the server, one after another."""

import os
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import psutil

from bench import accuracy, arrangements, live
from bench.arrangements import Arrangement, missing
from bench.children import Child, figures_of
from bench.figures import ArrangementFigures, EngineFigures, Figures, Machine
from bench.models import provide
from bench.plan import Plan, onnx_arrangements, precisions, stock_arrangements
from bench.systems import System

Log = Callable[[str], None]
Other = tuple[System, Path, Arrangement]


def measure(plan: Plan, device: str, cache: Path, *, quick: bool, log: Log) -> Figures:
    """Measure everything there is to measure on this machine.

    Args:
        plan: How thoroughly.
        device: Where this project and FunASR itself compute.
        cache: Where the models are kept that are measured with.
        quick: Whether the figures are for a test of the benchmark alone.
        log: Takes a sentence whenever something is known.

    Raises:
        ChildFailedError: Something could not be measured, for a reason that was not foreseen.
    """
    log(f"providing the model {plan.sizes.name}")
    model = provide(plan.sizes, cache)
    others, left_out = _others(plan, device, model, log)
    # A machine that others use, too, varies in speed over time, so the other systems are measured several
    # times.
    rounds = [_round(plan, device, others, log)]
    engine = [_engine(plan, device, model, precision, log) for precision in precisions(device)]
    if len(rounds) < plan.rounds:
        rounds.append(_round(plan, device, others, log))
    server = live.measure(model, device, plan.live, log)
    while len(rounds) < plan.rounds:
        rounds.append(_round(plan, device, others, log))
    return Figures(
        machine=_machine(device),
        model=plan.sizes.name,
        quick=quick,
        others=[_median(same) for same in zip(*rounds, strict=True)],
        engine=engine,
        accuracy=[accuracy.measure(device, precision) for precision in precisions(device)],
        server=server,
        left_out=left_out,
    )


def _others(plan: Plan, device: str, model: Path, log: Log) -> tuple[list[Other], dict[str, str]]:
    """Return the systems to compare with, and why others are left out."""
    cores = os.cpu_count() or 1
    others = [(System.STOCK, model, way) for way in stock_arrangements(device, cores)[: plan.arrangements]]
    left_out: dict[str, str] = {}
    for system in (System.FUNASR_ONNX, System.SHERPA_ONNX):
        reason = missing(system) if device == "cpu" else "compared on the CPU only"
        if reason:
            left_out[system] = reason
            log(f"{system} left out: {reason}")
        else:
            exported = _exported(model, log)
            others += [(system, exported, way) for way in onnx_arrangements(cores)[: plan.arrangements]]
    return others, left_out


def _round(plan: Plan, device: str, others: list[Other], log: Log) -> list[ArrangementFigures]:
    figures = []
    for system, directory, way in others:
        figures.append(arrangements.measure(system, directory, way, device, plan.chunks))
        log(f"{system}, {way.processes} x {way.threads}: {figures[-1].chunk_ms:.0f} ms a chunk")
    return figures


def _median(same: Sequence[ArrangementFigures]) -> ArrangementFigures:
    return sorted(same, key=lambda figures: figures.chunk_ms)[len(same) // 2]


def _exported(model: Path, log: Log) -> Path:
    target = model.with_name(f"{model.name}-onnx")
    if not target.is_dir():
        log("exporting the model with FunASR")
        with Child("bench.onnx_export", model, target) as child:
            child.finish()
    return target


def _engine(plan: Plan, device: str, model: Path, precision: str, log: Log) -> EngineFigures:
    sizes = ",".join(map(str, plan.batches))
    told = figures_of("bench.engine", model, device, precision, sizes, plan.repetitions)
    figures = EngineFigures.model_validate_json(told)
    costs = ", ".join(f"{batch.streams}: {batch.chunk_ms:.1f}" for batch in figures.batches)
    log(f"voicechat {precision}, ms a chunk by streams: {costs}")
    return figures


def _machine(device: str) -> Machine:
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_gb=psutil.virtual_memory().total / 1e9,
        device=device,
        python=platform.python_version(),
        torch=version("torch"),
        funasr=version("funasr"),
    )


def _processor() -> str:
    """Return the processor's name, which Linux has in a file and other systems in `platform`."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
