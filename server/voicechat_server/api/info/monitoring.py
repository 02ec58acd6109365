"""`GET /metrics`: the counters, and gauges set at the time of the call."""

from math import nan

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from voicechat_server.api.services import Services, ServicesDep
from voicechat_server.asr.status import EngineState
from voicechat_server.metrics import Surface

router = APIRouter(tags=["server"])


@router.get(
    "/metrics",
    summary="What the server counts of its work",
    response_class=Response,
    responses={200: {"content": {CONTENT_TYPE_LATEST: {}}, "description": "In Prometheus' text format."}},
)
async def metrics(services: ServicesDep) -> Response:
    """Metrics for Prometheus; `docs/monitoring.md` explains each."""
    _set_gauges(services)
    free = await services.chat.store.free_bytes()
    services.metrics.disk_free.set(nan if free is None else free)
    return Response(generate_latest(services.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _set_gauges(services: Services) -> None:
    """Set the gauges."""
    engine, chat, gauges = services.engine, services.chat, services.metrics
    gauges.ready.set(engine.status.state is EngineState.READY)
    gauges.workers.set(engine.workers)
    gauges.streams.set(engine.streams_now)
    gauges.streams_max.set(engine.max_streams or 0)
    gauges.places_free.set(engine.places_free or 0)
    gauges.orders_waiting.set(engine.commands_waiting)
    gauges.chats.set(chat.total_chats)
    gauges.writes_waiting.set(chat.writes_waiting)
    for surface in (Surface.SPEECH, Surface.CHAT):
        waiting = [each.waiting for each in services.connections if each.surface is surface]
        gauges.connections.labels(surface).set(len(waiting))
        gauges.frames_waiting.labels(surface).set(sum(waiting))
        gauges.frames_waiting_longest.labels(surface).set(max(waiting, default=0))
