"""The HTTP calls about who sees a private chat: its members, its owner, invitations to it."""

from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter

from voicechat_common.protocol.chat_http import ChatInvitation, InviteToChat, Members, NameMember
from voicechat_common.protocol.http import ErrorBody
from voicechat_server.api.callers import Caller, CallerDep
from voicechat_server.api.chat.chat_http import BODY, UNKNOWN, ChatIdPath, Responses
from voicechat_server.api.services import Services, ServicesDep
from voicechat_server.chat.failures import unknown_chat
from voicechat_server.chat.records import Chat
from voicechat_server.identity import failures
from voicechat_server.identity.access import Action
from voicechat_server.identity.authority import Authority
from voicechat_server.identity.durations import parse_duration
from voicechat_server.identity.model import PARTICIPANT, Identity

OWNERS: Responses = {403: {"model": ErrorBody, "description": "Only the chat's owner may do this."}}
ENDED: Responses = {409: {"model": ErrorBody, "description": "The chat has ended."}}

router = APIRouter(
    prefix="/chat/{chat_id}",
    tags=["chat"],
    responses={
        422: {"model": ErrorBody, "description": "A field can't be used: the body says which and why."},
        503: {"model": ErrorBody, "description": "The chat database failed, or too much waits for it."},
    }
    | UNKNOWN
    | OWNERS,
)


@router.get("/members", summary="Who sees a private chat")
async def list_members(services: ServicesDep, caller: CallerDep, chat_id: ChatIdPath) -> Members:
    """Its owner, and whoever was made a member."""
    *_, chat = await _admitted(services, caller, chat_id, Action.MEMBERS)
    return await _members(services, chat)


@router.post("/members/add", summary="Make somebody a member", responses=BODY)
async def add_member(
    services: ServicesDep, caller: CallerDep, chat_id: ChatIdPath, body: NameMember
) -> Members:
    """They see the chat from now on; they need a token of this server."""
    authority, _, chat = await _admitted(services, caller, chat_id, Action.ADMIT)
    await _refuse_unknown(authority, body.user_id)
    await services.chat.store.add_members([chat_id], body.user_id, datetime.now(UTC))
    return await _members(services, chat)


@router.post("/members/remove", summary="End somebody's membership", responses=BODY)
async def remove_member(
    services: ServicesDep, caller: CallerDep, chat_id: ChatIdPath, body: NameMember
) -> Members:
    """To them, a private chat doesn't exist from now on; their connections to it are closed."""
    *_, chat = await _admitted(services, caller, chat_id, Action.ADMIT)
    await services.chat.store.remove_member(chat_id, body.user_id)
    if chat.is_private and chat.owner != body.user_id:
        services.connections.dismiss_from(chat_id, body.user_id, unknown_chat(chat_id))
    return await _members(services, chat)


@router.post(
    "/invitations", summary="Invite somebody to a chat", status_code=HTTPStatus.CREATED, responses=BODY
)
async def invite(
    services: ServicesDep, caller: CallerDep, chat_id: ChatIdPath, body: InviteToChat
) -> ChatInvitation:
    """Whoever redeems it becomes a member, and gets a token for this chat if they have none yet."""
    authority, identity, _ = await _admitted(services, caller, chat_id, Action.ADMIT)
    scopes = frozenset(scope for scope in PARTICIPANT if identity.has(scope))
    uses = None if body.many else 1
    invited = await authority.invite(scopes, [chat_id], parse_duration(body.expires), uses)
    return ChatInvitation(
        invitation=invited.text,
        invitation_id=invited.invitation.invitation_id,
        expires_at=invited.invitation.expires_at,
    )


@router.post("/owner", summary="Hand a chat over", responses=BODY | ENDED)
async def hand_over(
    services: ServicesDep, caller: CallerDep, chat_id: ChatIdPath, body: NameMember
) -> Members:
    """Somebody else owns the chat from now on; whoever owned it stays a member."""
    authority, identity, _ = await _admitted(services, caller, chat_id, Action.HAND_OVER)
    await _refuse_unknown(authority, body.user_id)
    chat = await services.chat.hand_over(chat_id, identity.name, body.user_id, is_admin=identity.is_admin)
    return await _members(services, chat)


async def _admitted(
    services: Services, caller: Caller, chat_id: str, action: Action
) -> tuple[Authority, Identity, Chat]:
    """Return who knows people, who asks, and about which chat, if they may."""
    await caller.check_in(chat_id, action)
    if services.authority is None or caller.identity is None:
        raise failures.nobody_is_asked()
    return services.authority, caller.identity, await services.chat.chat(chat_id)


async def _refuse_unknown(authority: Authority, name: str) -> None:
    if not await authority.registry.knows(name):
        raise failures.unknown_person(name)


async def _members(services: Services, chat: Chat) -> Members:
    listed = await services.chat.store.members(chat.chat_id)
    return Members(owner=chat.owner, members=[user for user in listed if user != chat.owner])
