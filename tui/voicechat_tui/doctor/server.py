"""Checks of the server: whether it answers, recognises speech, and has the same time."""

import time
from datetime import UTC, datetime, timedelta

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol import PROTOCOL_VERSION
from voicechat_common.protocol.http import Health
from voicechat_common.protocol.identity import AuthMode
from voicechat_tui.client.connection import failures
from voicechat_tui.client.http import HttpClient
from voicechat_tui.doctor.finding import Check, Finding, Verdict, note, ok, problem
from voicechat_tui.doctor.sockets import check_sockets
from voicechat_tui.language import _, understood
from voicechat_tui.redaction import shown

ANSWERS_WITHIN_S = 5.0
EXPIRES_SOON = timedelta(days=3)
"""How long before its end a token is worth a note."""
CLOCK_TOLERANCE = timedelta(seconds=2)
"""A difference that hardly shows in the times of messages, which have no seconds on the screen."""


async def check_server(url: str) -> list[Finding]:
    """Check a server.

    Args:
        url: Its address, as given in the settings.
    """
    try:
        async with HttpClient(url, ANSWERS_WITHIN_S) as http:
            await http.health()  # The first answer includes the time to connect.
            asked, began = datetime.now(UTC), time.monotonic()
            health = await http.health()
            delay = timedelta(seconds=time.monotonic() - began)
            if health.versions.protocol != PROTOCOL_VERSION:
                return [problem(Check.SERVER, failures.other_version(health.versions.protocol))]
            identity = await _identity(http)
            # A server that does not know the person opens no socket, which is told only once.
            is_known = identity.verdict is not Verdict.PROBLEM
            return [
                await _reached(url, health, delay, (await http.route()).proxy, with_sockets=is_known),
                identity,
                await _recognition(http),
                judge_clock(health.timestamp, asked, delay),
            ]
    except VoicechatError as error:
        return [problem(Check.SERVER, error)]


def judge_clock(server: datetime, asked: datetime, delay: timedelta) -> Finding:
    """Judge the server's clock.

    Args:
        server: What it showed.
        asked: What the clock here showed when it was asked.
        delay: How long the answer took.
    """
    difference = server - (asked + delay / 2)
    seconds = abs(difference.total_seconds())
    if abs(difference) <= max(CLOCK_TOLERANCE, delay):
        return ok(Check.CLOCK, _("It is within {seconds:.1f} s of the server's.", seconds=seconds))
    message = (
        _("The server's is {seconds:.0f} s ahead.", seconds=seconds)
        if difference > timedelta()
        else _("The server's is {seconds:.0f} s behind.", seconds=seconds)
    )
    return note(
        Check.CLOCK,
        message,
        _("Synchronise the clocks over the network (NTP); otherwise messages show wrong times."),
    )


async def _identity(http: HttpClient) -> Finding:
    """Return whom the server takes the person for."""
    try:
        identity = await http.whoami()
    except VoicechatError as error:
        if error.code is ErrorCode.NOT_FOUND:
            return ok(Check.IDENTITY, _("The server is older than logins, and asks nobody who they are."))
        return problem(Check.IDENTITY, error)
    if identity.auth is AuthMode.NONE:
        return ok(Check.IDENTITY, _("The server asks nobody who they are."))
    said = _(
        "You are {name}, and may {scopes}.", name=identity.name, scopes=", ".join(identity.scopes) or "-"
    )
    if identity.expires_at is None:
        return ok(Check.IDENTITY, said)
    until = _(
        "Your token is valid until {moment}.", moment=f"{identity.expires_at.astimezone():%Y-%m-%d %H:%M}"
    )
    if identity.expires_at - datetime.now(UTC) > EXPIRES_SOON:
        return ok(Check.IDENTITY, f"{said} {until}")
    advice = _("Ask whoever runs the server for another token before then, and log in with it.")
    return note(Check.IDENTITY, f"{said} {until}", advice)


async def _reached(
    url: str, health: Health, delay: timedelta, proxy: str | None, *, with_sockets: bool
) -> Finding:
    """Judge a server that answers HTTP calls: speech and chats also need its WebSockets."""
    try:
        if with_sockets:
            await check_sockets(url, ANSWERS_WITHIN_S)
    except VoicechatError as error:
        return _no_sockets(url, error)
    said = _(
        "{url} answers in {ms:.0f} ms, voicechat {version}.",
        url=shown(url),
        ms=delay / timedelta(milliseconds=1),
        version=health.versions.voicechat,
    )
    if proxy is None:
        return ok(Check.SERVER, said)
    way = _("It is reached through the proxy {proxy}.", proxy=shown(proxy))
    return ok(Check.SERVER, f"{said} {way}")


def _no_sockets(url: str, error: VoicechatError) -> Finding:
    message = _(
        "{url} answers HTTP calls, but its WebSockets can't be used. {reason}",
        url=shown(url),
        reason=error.message,
    )
    advice = _(failures.PASS_ON) if error.code is ErrorCode.PROTOCOL_MISMATCH else error.advice
    return Finding(Check.SERVER, Verdict.PROBLEM, message, advice)


async def _recognition(http: HttpClient) -> Finding:
    readiness, info = await http.readiness(), await http.asr_info()
    if readiness.error is not None:
        detail = readiness.error
        return problem(Check.MODEL, failures.told_by_server(detail))
    if not readiness.ready:
        share = "" if readiness.progress is None else f" ({readiness.progress:.0%})"
        return Finding(
            Check.MODEL,
            Verdict.NOTE,
            f"{info.model}: {understood(readiness.detail)}{share}",
            _("Wait: speech will be recognised once it is ready."),
        )
    ready = _(
        "{model} is ready on {device}, {count} of {most} streams in use.",
        model=info.model,
        device=info.device,
        count=info.streams_now,
        most=info.streams_max or "∞",
    )
    if info.model == "demo":
        return note(
            Check.MODEL,
            ready,
            _("It knows synthetic voices only; people need a server with a real model."),
        )
    if info.streams_max is not None and info.streams_now >= info.streams_max:
        return note(Check.MODEL, ready, _("The server is full: wait, or raise VOICECHAT_MAX_STREAMS there."))
    return ok(Check.MODEL, ready)
