"""The contract between jianfu and a platform.

A channel hands every event to the inbox first, as a stub that is durable before anything else is asked of
the gateway, and turns a stub into events when the pipeline asks. Nothing outside `bot/channels` knows an SDK.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.events import Event, GroupSnapshot


@dataclass(frozen=True, slots=True)
class Stub:
    """An event as it arrived: enough to find it again, nothing of its content in clear.

    `payload` is set where the platform pushes the content and cannot be asked again; the inbox seals it.
    """

    channel: str
    kind: str  # "message", "room-join", … : the channel's own word
    native_id: str  # with channel and kind: unique; a second delivery of the same is dropped
    received_at: datetime
    payload: bytes | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send: a group, or a person privately (native ids)."""

    group_id: str | None = None
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What to send: a text, or a file already written by us; `mentions` are native ids."""

    target: Target
    text: str = ""
    file_path: str | None = None
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do here."""

    private_messages: bool = True
    recall: bool = False
    files: bool = True
    gaps: bool = False  # what happens while nobody listens never arrives


class Inbox(Protocol):
    """Where a channel puts what arrives."""

    async def accept(self, stubs: Sequence[Stub]) -> None:
        """Return when the stubs are durable; a known one is dropped. Raises StoreUnavailableError."""
        ...

    async def gap(self, began_at: datetime, ended_at: datetime, reason: str) -> None:
        """Write down that messages may be missing."""
        ...


class Channel(Protocol):
    """One account on one platform."""

    name: str  # unique in this process; what `Stub.channel` says
    platform: str

    @property
    def capabilities(self) -> Capabilities:
        """What can be done here."""
        ...

    @property
    def account_id(self) -> str | None:
        """The bot's own native id, once logged in."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the gateway answered lately and somebody is logged in."""
        ...

    async def run(self, inbox: Inbox) -> None:
        """Receive until cancelled; reconnects by itself, never returns because a gateway went away."""
        ...

    async def resolve(self, stub: Stub) -> Sequence[Event]:
        """Turn a stub into events, asking the gateway where needed.

        A message comes after the snapshot of its group where that is new or stale. An event of no interest
        gives none. Raises PayloadError (never will be readable) or GatewayUnavailableError (try again).
        """
        ...

    async def send(self, outgoing: Outgoing) -> str | None:
        """Send; return the native id of the sent message where the platform tells.

        Raises SendRefusedError when surely not sent, SendUncertainError when nobody knows.
        """
        ...

    async def recall(self, message_id: str) -> bool:
        """Delete a message; true only when the platform was seen to have done it."""
        ...

    async def snapshot(self, group_id: str) -> GroupSnapshot:
        """Ask the gateway for a group and its members, now. Raises GatewayUnavailableError."""
        ...
