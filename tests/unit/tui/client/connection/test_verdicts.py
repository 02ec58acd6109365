"""What an answer tells that is not the one that was wanted, and whether to ask again."""

from random import Random

import pytest

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.http import ErrorBody, ErrorDetail
from voicechat_tui.client.connection.backoff import Backoff
from voicechat_tui.client.connection.policy import ConnectionPolicy
from voicechat_tui.client.connection.route import Route
from voicechat_tui.client.connection.verdicts import of_answer, of_proxy

DIRECT = Route("http://voice.example", "http://voice.example", None, None)
PROXIED = Route("http://voice.example", "http://voice.example", "http://anna:secret@p:1", None)


@pytest.mark.parametrize("for_socket", [False, True])
@pytest.mark.parametrize("route", [DIRECT, PROXIED], ids=["direct", "proxied"])
@pytest.mark.parametrize(
    ("code", "is_passing", "statuses"),
    [
        (ErrorCode.SERVER_UNREACHABLE, True, (408, 425, 429, 500, 502, 503, 504, 522, 530)),
        (ErrorCode.NO_ACCESS, False, (401, 403, 407)),
        (ErrorCode.PROTOCOL_MISMATCH, False, (200, 303, 400, 404, 405, 410, 501, 505)),
    ],
)
def test_a_status_means_the_same_for_calls_and_sockets(
    code: ErrorCode, is_passing: bool, statuses: tuple[int, ...], route: Route, for_socket: bool
) -> None:
    for status in statuses:
        error = of_answer(route, status, {}, b"<html>", for_socket=for_socket)
        assert (error.code, str(status) in error.message) == (code, True), status
        assert ("the proxy http://***@p:1" in error.message) is (route is PROXIED), status
        assert (Backoff(ConnectionPolicy(), Random(1)).delay(error, 0.0) is not None) is is_passing, status
        assert of_proxy(route, status, {}).message == error.message


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(None, None), ("7", 7.0), (" 120 ", 120.0), ("soon", None), ("-5", None), ("1e9", None), ("", None)],
)
def test_when_to_ask_again_is_read_as_far_as_it_can_be(asked: str | None, seconds: float | None) -> None:
    headers = {} if asked is None else {"Retry-After": asked}
    assert of_answer(DIRECT, 503, headers, b"", for_socket=False).retry_after_s == seconds
    assert of_proxy(DIRECT, 503, headers).retry_after_s == seconds


def test_a_date_that_is_past_means_now() -> None:
    headers = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert of_answer(DIRECT, 503, headers, b"", for_socket=True).retry_after_s == 0.0


@pytest.mark.parametrize("for_socket", [False, True])
def test_what_the_server_says_itself_is_told_as_it_is(for_socket: bool) -> None:
    detail = ErrorDetail(code="busy", message="Full.", advice="Wait.", retry_after_s=3.0)
    error = of_answer(
        DIRECT, 503, {}, ErrorBody(error=detail).model_dump_json().encode(), for_socket=for_socket
    )
    assert (error.code, error.message, error.retry_after_s) == (ErrorCode.BUSY, "Full.", 3.0)


@pytest.mark.parametrize(("status", "code"), [(404, "not_found"), (426, "upgrade_required")])
def test_a_handshake_that_arrives_as_a_plain_request_is_told(status: int, code: str) -> None:
    detail = ErrorDetail(code=code, message="This is a WebSocket.", advice="Upgrade.")
    body = ErrorBody(error=detail).model_dump_json().encode()
    error = of_answer(DIRECT, status, {}, body, for_socket=True)
    assert error.code is ErrorCode.PROTOCOL_MISMATCH
    assert "the Upgrade header was lost on the way" in error.message
    assert of_answer(DIRECT, status, {}, body, for_socket=False).message == "This is a WebSocket."


def test_plain_talk_to_a_port_of_tls_is_told() -> None:
    body = b"Client sent an HTTP request to an HTTPS server.\n"
    assert "it speaks TLS only" in of_answer(DIRECT, 400, {}, body, for_socket=False).message
