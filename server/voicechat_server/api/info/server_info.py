"""The HTTP calls that report what the server is and how it is doing."""

import platform
import time
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Response

from voicechat_common import __version__
from voicechat_common.audio import SAMPLE_WIDTH, milliseconds
from voicechat_common.protocol.http import (
    AsrInfo,
    ErrorDetail,
    Health,
    HealthStatus,
    Readiness,
    ServerInfo,
    Versions,
)
from voicechat_server.api.errors import retry_header
from voicechat_server.api.paths import ENDPOINTS
from voicechat_server.api.services import ServicesDep
from voicechat_server.asr.config import FRAME_SAMPLES, SAMPLE_RATE
from voicechat_server.asr.engine import Engine
from voicechat_server.asr.status import EngineState

router = APIRouter(tags=["server"])


def health_status(engine: Engine) -> HealthStatus:
    """Return how the server is doing, judged by its recogniser."""
    match engine.status.state:
        case EngineState.READY:
            return HealthStatus.HEALTHY
        case EngineState.FAILED | EngineState.STOPPED:
            return HealthStatus.DEGRADED
        case _:
            return HealthStatus.STARTING


@router.get("/", summary="What this server is")
async def index(services: ServicesDep) -> ServerInfo:
    """Tells name, version, model and the paths of the server."""
    return ServerInfo(
        name="voicechat",
        version=__version__,
        status=health_status(services.engine),
        model=services.engine.info.model,
        endpoints=ENDPOINTS,
    )


@router.get("/health", summary="Whether the server lives")
async def health(services: ServicesDep) -> Health:
    """Answers 200 as long as the process lives, also while the model is loading or has failed to."""
    return Health(
        status=health_status(services.engine),
        asr_available=services.engine.status.state is EngineState.READY,
        active_connections=len(services.connections),
        total_chats=services.chat.total_chats,
        timestamp=datetime.now(UTC).astimezone(),
        uptime_s=round(time.monotonic() - services.started_at, 3),
        versions=_versions(),
    )


@router.get(
    "/ready",
    summary="Whether audio would be recognised now",
    responses={503: {"model": Readiness, "description": "Not now: the body says why."}},
)
async def ready(services: ServicesDep, response: Response) -> Readiness:
    """Answers 200 only when audio would be recognised now, else 503 with the reason and the progress."""
    status = services.engine.status
    now = time.monotonic()
    reason = status.refusal(now)
    if reason is not None:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        response.headers.update(retry_header(reason))
    return Readiness(
        ready=reason is None,
        state=status.state,
        detail=status.detail,
        progress=status.progress,
        next_try_in_s=status.next_try_in_s(now),
        error=None if reason is None else ErrorDetail.of(reason),
        places_free=services.engine.places_free if reason is None else None,
    )


@router.get("/asr/info", summary="How audio is recognised and what to send")
async def asr_info(services: ServicesDep) -> AsrInfo:
    """Tells the model, the audio format and the chunking; answered also before the model is loaded."""
    engine = services.engine
    info = engine.info
    stride = info.chunk_size[1] * FRAME_SAMPLES
    return AsrInfo(
        status=engine.status.state,
        model=info.model,
        model_revision=info.model_revision,
        device=info.device,
        precision=info.precision,
        sample_rate=info.sample_rate,
        chunk_size=info.chunk_size,
        chunk_ms=milliseconds(stride, SAMPLE_RATE),
        stride_size=stride,
        bytes_per_frame=stride * SAMPLE_WIDTH,
        encoder_chunk_look_back=info.encoder_chunk_look_back,
        decoder_chunk_look_back=info.decoder_chunk_look_back,
        endpointing=info.endpointing,
        streams_now=engine.streams_now,
        streams_max=engine.max_streams,
    )


@cache
def _versions() -> Versions:
    return Versions(
        voicechat=__version__,
        python=platform.python_version(),
        funasr=_installed("funasr"),
        torch=_installed("torch"),
    )


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
