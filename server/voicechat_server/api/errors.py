"""How errors leave the server: the one mapping to HTTP statuses and WebSocket close codes."""

from http import HTTPStatus
from traceback import clear_frames

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.mistakes import joined, reason
from voicechat_common.protocol.http import ErrorBody, ErrorDetail
from voicechat_common.protocol.speech import Error
from voicechat_server.api.paths import no_page, shown, without_slash
from voicechat_server.api.services import services_of
from voicechat_server.metrics import Surface

HTTP_STATUSES = {
    ErrorCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorCode.UPGRADE_REQUIRED: HTTPStatus.UPGRADE_REQUIRED,
    ErrorCode.NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    ErrorCode.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorCode.WRONG_NAME: HTTPStatus.FORBIDDEN,
    ErrorCode.BAD_INVITATION: HTTPStatus.FORBIDDEN,
    ErrorCode.NOT_OWNER: HTTPStatus.FORBIDDEN,
    ErrorCode.ORIGIN_NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    ErrorCode.HOST_NOT_ALLOWED: HTTPStatus.MISDIRECTED_REQUEST,
    ErrorCode.CHAT_ENDED: HTTPStatus.CONFLICT,
    ErrorCode.ID_TAKEN: HTTPStatus.CONFLICT,
    ErrorCode.NAME_TAKEN: HTTPStatus.CONFLICT,
    ErrorCode.BAD_JSON: HTTPStatus.BAD_REQUEST,
    ErrorCode.BAD_REQUEST: HTTPStatus.BAD_REQUEST,
    ErrorCode.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    ErrorCode.HEAD_TOO_LARGE: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ErrorCode.BODY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.BAD_FIELD: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.STORAGE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.NOT_READY: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.SHUTTING_DOWN: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The HTTP status of each error that a request can meet; any other is the server's own fault."""

FORGIVABLE = {
    ErrorCode.BAD_JSON,
    ErrorCode.UNKNOWN_TYPE,
    ErrorCode.BAD_FIELD,
    ErrorCode.BAD_ORDER,
    ErrorCode.UNKNOWN_STREAM,
    ErrorCode.MESSAGE_IN_BINARY,
    ErrorCode.ODD_BYTES,
    ErrorCode.EIGHT_BIT,
    ErrorCode.WRONG_FORM,
    ErrorCode.WRONG_RATE,
    ErrorCode.NO_SPEECH,
    ErrorCode.CHAT_ENDED,
    ErrorCode.ID_TAKEN,
    ErrorCode.NOT_OWNER,
    ErrorCode.FORBIDDEN,
    ErrorCode.WRONG_NAME,
    ErrorCode.STORAGE,
}
"""The client's mistakes after which its WebSocket stays open; any other error closes it."""

NORMAL_CLOSURE = 1000
POLICY_VIOLATION = 1008
SERVER_FAULT = 1011

CLOSE_CODES = {
    ErrorCode.NOT_PCM: 1003,
    ErrorCode.UNAUTHORIZED: POLICY_VIOLATION,
    ErrorCode.NOT_FOUND: POLICY_VIOLATION,
    ErrorCode.TOO_MANY_FRAMES: POLICY_VIOLATION,
    ErrorCode.TOO_SLOW: POLICY_VIOLATION,
    ErrorCode.NAME_TAKEN: POLICY_VIOLATION,
    ErrorCode.IDLE_TIMEOUT: POLICY_VIOLATION,
    ErrorCode.CONNECTION_LOST: POLICY_VIOLATION,
    ErrorCode.FRAME_TOO_LARGE: 1009,
    ErrorCode.SHUTTING_DOWN: 1012,
    ErrorCode.NOT_READY: 1013,
    ErrorCode.BUSY: 1013,
    ErrorCode.SLOW_READER: 1013,
} | dict.fromkeys(FORGIVABLE, POLICY_VIOLATION)
"""The close code of each error that is not the server's own fault."""

MAX_REASON_BYTES = 123
"""The longest reason that fits into a WebSocket close frame."""


def internal_error() -> VoicechatError:
    """Return the error that clients get for a fault in the server."""
    return VoicechatError(
        ErrorCode.INTERNAL,
        "The server failed to handle this.",
        "Try again; if it happens again, report it with the server's log.",
    )


def shutting_down() -> VoicechatError:
    """Return the error that clients get when the server shuts down."""
    return VoicechatError(
        ErrorCode.SHUTTING_DOWN,
        "The server is shutting down.",
        "Connect again in a moment.",
        retry_after_s=5.0,
    )


def error_of(message: Error) -> VoicechatError:
    """Return the error that a message of the speech WebSocket carries."""
    return VoicechatError(
        ErrorCode(message.code), message.message, message.advice, retry_after_s=message.retry_after_s
    )


def close_code(error: VoicechatError) -> int:
    """Return the WebSocket close code of an error that ends a connection."""
    return CLOSE_CODES.get(error.code, SERVER_FAULT)


def close_reason(error: VoicechatError) -> str:
    """Return an error, cut to what a close frame can carry."""
    text = f"{error.code}: {error.message}".encode()[:MAX_REASON_BYTES]
    return text.decode(errors="ignore")


def respond(error: VoicechatError) -> JSONResponse:
    """Return the HTTP answer of an error."""
    status = HTTP_STATUSES.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR)
    body = ErrorBody(error=ErrorDetail.of(error))
    headers = retry_header(error)
    if error.code is ErrorCode.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if error.code is ErrorCode.UPGRADE_REQUIRED:
        headers |= {"Connection": "Upgrade", "Upgrade": "websocket"}
    return JSONResponse(body.model_dump(mode="json"), status, headers)


def raw_response(error: VoicechatError) -> bytes:
    """Return an error as a whole HTTP response for outside the app, which closes the connection."""
    response = respond(error)
    status = HTTPStatus(response.status_code)
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\n".encode()
    fields = b"".join(b"%b: %b\r\n" % field for field in response.raw_headers)
    return head + fields + b"\r\n" + bytes(response.body)


async def answer(error: VoicechatError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, or the handshake of a WebSocket, with an error from outside the routes."""
    _count(HTTPConnection(scope), error)
    await respond(error)(scope, receive, send)


def retry_header(error: VoicechatError) -> dict[str, str]:
    """Return the `Retry-After` header of an error, if it is known when to retry."""
    return {} if error.retry_after_s is None else {"Retry-After": f"{error.retry_after_s:.0f}"}


def install(app: FastAPI) -> None:
    """Answer every expected error of HTTP calls in one form, and count it."""

    @app.exception_handler(VoicechatError)
    async def expected(request: Request, error: VoicechatError) -> JSONResponse:
        return _counted(request, error)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.NOT_FOUND and (address := without_slash(request)) is not None:
            return RedirectResponse(address, HTTPStatus.TEMPORARY_REDIRECT)
        response = _counted(request, _from_status(request, error))
        if error.__cause__ is not None:
            # FastAPI's frame holds the error, whose cause holds the frame: a cycle for the collector.
            clear_frames(error.__cause__.__traceback__)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        if any(item["type"] == "json_invalid" for item in error.errors()):
            return _counted(request, _bad_json())
        problems = joined(
            [(".".join(str(part) for part in item["loc"]), reason(item)) for item in error.errors()]
        )
        return _counted(
            request,
            VoicechatError(
                ErrorCode.BAD_FIELD,
                f"The request has a field that can't be used: {problems}.",
                "Correct the field and send the request again; /docs lists the fields.",
            ),
        )


def _counted(request: Request, error: VoicechatError) -> JSONResponse:
    _count(request, error)
    return respond(error)


def _count(connection: HTTPConnection, error: VoicechatError) -> None:
    services_of(connection).metrics.error_met(Surface.HTTP, error.code)


def _from_status(request: Request, error: HTTPException) -> VoicechatError:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return no_page(request)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        path, allowed = shown(request.url.path), (error.headers or {}).get("Allow", "another method")
        return VoicechatError(
            ErrorCode.NOT_ALLOWED,
            f"{path} does not take {request.method}.",
            f"Use {allowed}.",
        )
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return _bad_json()
    return internal_error()


def _bad_json() -> VoicechatError:
    return VoicechatError(
        ErrorCode.BAD_JSON, "The body can't be read as JSON.", "Send one JSON object, encoded in UTF-8."
    )
