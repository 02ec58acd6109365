"""`voicechat-server models`: list, download and verify models."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn, Self

import typer
from tqdm import tqdm

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.asr.config import ModelConfig
from voicechat_server.asr.models.catalog import DEMO, KNOWN, PARAFORMER, Hub, demo_directory
from voicechat_server.asr.models.inventory import Entry, take_inventory
from voicechat_server.asr.models.resolving import cached, download, resolve
from voicechat_server.commands.columns import as_columns
from voicechat_server.commands.options import fallback, settings_with

models_app = typer.Typer(
    help="Show, download and verify models.", no_args_is_help=True, rich_markup_mode=None
)


HubOption = Annotated[
    Hub | None,
    typer.Option("--hub", help=f"`ms` is ModelScope, `hf` is Hugging Face. {fallback('hub')}"),
]
RevisionOption = Annotated[
    str | None, typer.Option("--revision", help=f"The hub's revision. {fallback('model_revision')}")
]
CacheOption = Annotated[
    Path | None, typer.Option("--cache-dir", help=f"Where models are kept. {fallback('cache_dir')}")
]


@models_app.command("list")
def list_models(
    hub: HubOption = None,
    revision: RevisionOption = None,
    cache_dir: CacheOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Show every model with its size, location and state.

    Sizes are compared, checksums are not.
    """
    config = _config(PARAFORMER.name, hub, revision, cache_dir)
    entries = take_inventory(config.cache_dir, Hub(config.hub), config.revision)
    typer.echo(_as_json(entries) if as_json else _as_table(entries))


@models_app.command("download")
def download_model(
    name: Annotated[str, typer.Argument(help="The model.")] = PARAFORMER.name,
    hub: HubOption = None,
    revision: RevisionOption = None,
    cache_dir: CacheOption = None,
) -> None:
    """Download a model, or resume where an earlier download stopped.

    Prints where it is. An existing copy is verified, and fetched again if it is damaged.
    """
    if name == DEMO:
        typer.echo("The demo model ships with the package; there is nothing to download.", err=True)
        typer.echo(demo_directory())
        return
    if name not in KNOWN:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join([*KNOWN, DEMO])}.", param_hint="NAME")
    config = _config(name, hub, revision, cache_dir)
    target = cached(config)
    if not target.path.is_dir():
        typer.echo(f"Downloading {name} {config.revision} from {target.hub.label}.", err=True)
    try:
        with _Bar(name) as bar:
            download(config, bar)
    except KeyboardInterrupt as stop:
        typer.echo("Stopped. The same command goes on from here.", err=True)
        raise typer.Exit(1) from stop
    typer.echo(target.path)


@models_app.command("verify")
def verify_model(
    name: Annotated[str | None, typer.Argument(help="A model or a directory. [VOICECHAT_MODEL]")] = None,
    hub: HubOption = None,
    revision: RevisionOption = None,
    cache_dir: CacheOption = None,
) -> None:
    """Check every byte of a model, without using the network."""
    config = _config(name, hub, revision, cache_dir)
    if config.name in KNOWN and not cached(config).path.is_dir():
        raise VoicechatError(
            ErrorCode.MODEL_NOT_FOUND,
            f"{config.name} {config.revision} from {Hub(config.hub).label} is not on this machine.",
            "Fetch it with `voicechat-server models download`.",
        )
    files = resolve(config)
    typer.echo(f"{files.name} {files.revision} in {files.path} is complete and sound.")


def _config(name: str | None, hub: Hub | None, revision: str | None, cache_dir: Path | None) -> ModelConfig:
    settings = settings_with(model=name, hub=hub, model_revision=revision, cache_dir=cache_dir)
    return settings.engine_config().model


def _as_json(entries: list[Entry]) -> str:
    return json.dumps([asdict(entry) | {"path": str(entry.path)} for entry in entries], indent=2)


def _as_table(entries: list[Entry]) -> str:
    rows = [("MODEL", "REVISION", "HUB", "SIZE", "STATE", "WHERE")]
    rows += [
        (
            entry.name,
            entry.revision,
            entry.hub or "-",
            f"{entry.size_bytes / 1e6:.0f} MB",
            entry.state,
            str(entry.path),
        )
        for entry in entries
    ]
    return as_columns(rows)


class _Bar:
    """A progress bar on standard error from the first byte on, if that is a terminal."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: tqdm[NoReturn] | None = None

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        if self._bar is None:
            # The bar starts where an earlier download stopped, so that it shows the speed of this one.
            self._bar = tqdm(
                desc=self._title,
                initial=done_bytes,
                total=total_bytes,
                unit="B",
                unit_scale=True,
                disable=None,
            )
        self._bar.update(done_bytes - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._bar is not None:
            self._bar.close()
