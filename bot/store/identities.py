"""Groups and people by their platform's ids; rows are made when first met."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from bot.events import GroupRef, GroupSnapshot, MembershipChange, PersonRef
from bot.store.tables import Group, Member, Person, PersonName
from bot.store.types import storable
from bot.store.vault import Vault

T = TypeVar("T")


class Identities:
    """Finds or makes the rows of groups and people, within the caller's transaction."""

    def __init__(
        self, vault: Vault, channel: str = "", *, mode: str = "notify", consent: str = "pending"
    ) -> None:
        self._vault = vault
        self._channel = channel
        self._mode = mode
        self._consent = consent

    def group(self, session: Session, ref: GroupRef, now: datetime) -> Group:
        """Return the group's row, with its newest name."""
        row = session.exec(
            select(Group).where(Group.platform == ref.platform, Group.native_id == ref.native_id)
        ).first()
        if row is None:
            row = Group(
                platform=ref.platform,
                native_id=ref.native_id,
                channel=self._channel,
                name=storable(ref.name),
                mode=self._mode,
                consent=self._consent,
                consent_at=now if self._consent == "agreed" else None,
                observed_from=now if self._consent == "agreed" else None,
                first_seen_at=now,
            )
            session.add(row)
            session.flush()
        elif ref.name and row.name != storable(ref.name):
            row.name = storable(ref.name)
        if self._channel and row.channel != self._channel:
            row.channel = self._channel
        return row

    def people(self, session: Session, refs: Iterable[PersonRef]) -> dict[tuple[str, str], Person]:
        """Return the rows of people by (platform, native id), with their newest names."""
        wanted = {(ref.platform, ref.native_id): ref for ref in refs}
        keys = {self._vault.person_key(*pair): pair for pair in wanted}
        found: dict[tuple[str, str], Person] = {}
        for chunk in chunks(list(keys)):
            for row in session.exec(select(Person).where(col(Person.key).in_(chunk))):
                found[keys[row.key]] = row
        missing = [pair for pair in wanted if pair not in found]
        if missing:
            for pair in missing:
                ref = wanted[pair]
                row = Person(
                    key=self._vault.person_key(*pair),
                    sealed_id=self._vault.seal(ref.native_id) if self._channel else None,
                    channel=self._channel,
                    is_bot=ref.is_bot,
                )
                session.add(row)
                found[pair] = row
            session.flush()
        for pair, row in found.items():
            if wanted[pair].is_bot and not row.is_bot:
                row.is_bot = True
            if (
                self._channel
                and not row.opted_out
                and (row.sealed_id is None or row.channel != self._channel)
            ):
                row.sealed_id, row.channel = self._vault.seal(pair[1]), self._channel
        self._rename(session, [(found[pair], ref.name) for pair, ref in wanted.items() if ref.name])
        return found

    def snapshot(self, session: Session, snapshot: GroupSnapshot, *, there_before: bool = False) -> Group:
        """Take over a group's members as they are now.

        Whoever is met with the group itself, or in an export, was there before; who is new in a later snapshot
        came then. `there_before` says the former.
        """
        group = self.group(session, snapshot.group, snapshot.at)
        people = self.people(session, [info.person for info in snapshot.members])
        known = {
            row.person_id: row for row in session.exec(select(Member).where(Member.group_id == group.id))
        }
        before = there_before or snapshot.history or not known
        present = set()
        for info in snapshot.members:
            person = people[info.person.platform, info.person.native_id]
            present.add(person.id)
            member = known.get(_id(person))
            if member is None:
                joined = None if before else snapshot.at
                member = Member(group_id=_id(group), person_id=_id(person), joined_at=joined)
                known[_id(person)] = member
                session.add(member)
            elif member.left_at is not None and not snapshot.history:
                member.left_at, member.joined_at = None, snapshot.at
            elif before:
                member.joined_at = None
            member.role = info.role.value
        if snapshot.complete and not snapshot.history:
            for person_id, member in known.items():
                if person_id not in present and member.left_at is None:
                    member.left_at = snapshot.at
        session.flush()
        return group

    def change(self, session: Session, change: MembershipChange) -> Group:
        """Take over who came and went."""
        group = self.group(session, change.group, change.at)
        people = self.people(session, [info.person for info in change.joined] + list(change.left))
        for info in change.joined:
            person = people[info.person.platform, info.person.native_id]
            member = session.get(Member, (group.id, person.id))
            if member is None:
                member = Member(group_id=_id(group), person_id=_id(person))
                session.add(member)
            if member.joined_at is None or member.left_at is not None:
                member.joined_at, member.left_at = change.at, None
            member.role = info.role.value
        for ref in change.left:
            member = session.get(Member, (group.id, people[ref.platform, ref.native_id].id))
            if member is not None:
                member.left_at = change.at
        session.flush()
        return group

    def seen(self, session: Session, pairs: Collection[tuple[int, int]]) -> None:
        """Make members of people who wrote in a group without being on its list: (group, person) pairs."""
        if not pairs:
            return
        groups = {group_id for group_id, _ in pairs}
        known: set[tuple[int, int]] = set()
        for chunk in chunks(sorted({person_id for _, person_id in pairs})):
            statement = select(Member.group_id, Member.person_id).where(
                col(Member.group_id).in_(groups), col(Member.person_id).in_(chunk)
            )
            known.update((row[0], row[1]) for row in session.exec(statement))
        new = [pair for pair in pairs if pair not in known]
        if new:
            session.execute(
                insert(Member),
                [{"group_id": group, "person_id": pid, "role": "member"} for group, pid in new],
            )

    def forget_name(self, session: Session, person: Person) -> None:
        """Delete what tells who a person is; the keyed hash stays, so that the opt-out is kept."""
        session.execute(delete(PersonName).where(col(PersonName.person_id) == person.id))
        session.execute(update(Person).where(col(Person.id) == person.id).values(sealed_id=None))

    @staticmethod
    def _rename(session: Session, names: list[tuple[Person, str]]) -> None:
        wanted = {_id(person): name for person, name in names if not person.opted_out}
        known: dict[int, PersonName] = {}
        for chunk in chunks(list(wanted)):
            for row in session.exec(select(PersonName).where(col(PersonName.person_id).in_(chunk))):
                known[row.person_id] = row
        for person_id, name in wanted.items():
            clean = storable(name)[:100]
            kept = known.get(person_id)
            if kept is None:
                session.add(PersonName(person_id=person_id, name=clean))
            elif kept.name != clean:
                kept.name = clean


def _id(row: Group | Person) -> int:
    if row.id is None:
        msg = f"{type(row).__name__} was not flushed"
        raise RuntimeError(msg)
    return row.id


def chunks(items: list[T], size: int = 500) -> Iterable[list[T]]:
    """Return the items in pieces that fit the databases' limit of parameters."""
    return (items[start : start + size] for start in range(0, len(items), size))
