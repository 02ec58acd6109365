"""`/auth`: who the server takes one for, and what becomes of an invitation."""

from http import HTTPStatus

from fastapi import APIRouter

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.http import ErrorBody
from voicechat_common.protocol.identity import AuthMode, Redeem, Redeemed, Whoami
from voicechat_server.api.callers import CallerDep
from voicechat_server.api.services import ServicesDep
from voicechat_server.identity import failures
from voicechat_server.identity.model import Identity

router = APIRouter(prefix="/auth", tags=["identity"])


@router.get(
    "/me",
    summary="Who the server takes you for",
    responses={
        401: {"model": ErrorBody, "description": "No token came, or one that isn't valid: it says why."}
    },
)
async def whoami(caller: CallerDep) -> Whoami:
    """Tells whose token came with the request, what it allows, and until when."""
    return _shown(caller.identity)


@router.post(
    "/redeem",
    summary="Make a token of an invitation",
    status_code=HTTPStatus.CREATED,
    responses={
        400: {"model": ErrorBody, "description": "The body is not JSON."},
        403: {"model": ErrorBody, "description": "The invitation is not valid, or no longer: it says why."},
        409: {"model": ErrorBody, "description": "The name is taken; the invitation stays as it was."},
        413: {"model": ErrorBody, "description": "The body is too large."},
        422: {"model": ErrorBody, "description": "A field can't be used: the body says which and why."},
        503: {"model": ErrorBody, "description": "The database failed."},
    },
)
async def redeem(services: ServicesDep, caller: CallerDep, body: Redeem) -> Redeemed:
    """Whoever has an invitation chooses a name, and gets a token, which is shown this once only.

    Who has a token already becomes a member of the invitation's chats under their own name.
    """
    if services.authority is None:
        raise VoicechatError(
            ErrorCode.BAD_INVITATION,
            "This server asks nobody for a token, and has no use for invitations.",
            "Just use it; with --auth token it would be different.",
        )
    if caller.identity is not None:
        caller.name(body.name)
        await services.authority.join(body.invitation, caller.identity)
        return Redeemed(token=None, identity=_shown(caller.identity))
    if body.name is None:
        raise failures.no_name()
    issued = await services.authority.redeem(body.invitation, body.name)
    return Redeemed(token=issued.text, identity=_shown(issued.identity))


def _shown(identity: Identity | None) -> Whoami:
    if identity is None:
        return Whoami(auth=AuthMode.NONE)
    return Whoami(
        auth=AuthMode.TOKEN,
        subject=identity.subject,
        name=identity.name,
        scopes=sorted(identity.scopes),
        chats=None if identity.chats is None else sorted(identity.chats),
        token_id=identity.token_id,
        expires_at=identity.expires_at,
    )
