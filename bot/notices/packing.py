"""Features as bytes for the store: keyed hashes, marks that many letters share, and times.

Layout, big-endian: a version byte, hashes, times and flags, how many of each follow, then frame, letters, grams,
aliases, items and moments; days are proleptic ordinals, 0 for none. What versions 1 and 2 packed is read without
frame and letters: it is compared by its words alone, and fewer rewordings of it are recognised.
"""

import functools
import struct
from datetime import UTC, date, datetime

from bot.notices.slots import Features, Item, Moment, Role, Slot

_VERSION = 3
_BEFORE = {1: 0, 2: 1}  # version to how many texts of marks it had
_HEAD = struct.Struct(">BQQdd?B")
_ITEM = struct.Struct(">BQBQQQBB")
_MOMENT = struct.Struct(">BIhh?")
_COUNTS = struct.Struct(">HHHH")
_LENGTH = struct.Struct(">H")
_CANCELS, _CHANGES, _DAILY, _ASKS, _REPORTS = 1, 2, 4, 8, 16
_MOST = 0xFFFF


def pack(features: Features, key: bytes) -> bytes:
    """Return features as bytes. `key` must be the one they were made with.

    Raises ValueError otherwise: features made with another key would match nothing in the store, and those
    made without one could be read with a dictionary.
    """
    from bot.notices.features import hasher  # noqa: PLC0415 - features imports this module

    if hasher(key)("jianfu") != features.key_mark:
        raise ValueError("these features were made with another key; extract them with the key of the store")
    flags = _CANCELS * features.cancels + _CHANGES * features.changes + _DAILY * features.daily
    flags += _ASKS * features.asks + _REPORTS * bool(features.reports)
    due = features.due.timestamp() if features.due else 0.0
    parts = [
        _HEAD.pack(
            _VERSION,
            features.exact,
            features.key_mark,
            features.posted_at.timestamp(),
            due,
            bool(features.due),
            flags,
        )
    ]
    grams = features.grams[:_MOST]
    aliases = features.aliases[:_MOST]
    items = features.items[:_MOST]
    moments = features.moments[:_MOST]
    parts.append(_COUNTS.pack(len(grams), len(aliases), len(items), len(moments)))
    for marks in (features.frame, features.letters):
        data = marks.encode("utf-16-be")
        parts += (_LENGTH.pack(len(data)), data)
    parts.append(struct.pack(f">{len(grams) + len(aliases)}Q", *grams, *aliases))
    for item in items:
        inner = item.grams[:255]
        parts.append(
            _ITEM.pack(
                item.slot,
                item.value,
                item.weight,
                item.kind,
                item.before,
                item.after,
                len(inner),
                len(item.chars),
            )
        )
        parts.append(struct.pack(f">{len(inner) + len(item.chars)}Q", *inner, *item.chars))
    for moment in moments:
        day = moment.day.toordinal() if moment.day else 0
        minute = -1 if moment.minute is None else moment.minute
        parts.append(_MOMENT.pack(moment.role, day, minute, moment.loose, moment.month_known))
    return b"".join(parts)


@functools.lru_cache(maxsize=1 << 17)
def _shared(value: int) -> int:
    """Return one object for equal hashes: a book of many posts keeps each word once."""
    return value


def _hashes(count: int, data: bytes, at: int) -> tuple[int, ...]:
    return tuple(map(_shared, struct.unpack_from(f">{count}Q", data, at)))


def unpack(data: bytes) -> Features:
    """Return the features that `pack` wrote, without readable words. Raises ValueError for anything else."""
    try:
        return _unpack(data)
    except struct.error as error:
        raise ValueError(f"not packed features: {error}") from error


def _unpack(data: bytes) -> Features:
    version, exact, key_mark, posted, due, has_due, flags = _HEAD.unpack_from(data)
    if version != _VERSION and version not in _BEFORE:
        raise ValueError(f"packed features of version {version}; this program reads {_VERSION}")
    at = _HEAD.size
    n_grams, n_aliases, n_items, n_moments = _COUNTS.unpack_from(data, at)
    at += _COUNTS.size
    marks = []
    for _ in range(_BEFORE.get(version, 2)):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        marks.append(data[at : at + length].decode("utf-16-be"))
        at += length
    frame, letters = marks if version == _VERSION else ("", "")
    grams = _hashes(n_grams, data, at)
    at += 8 * n_grams
    aliases = _hashes(n_aliases, data, at)
    at += 8 * n_aliases
    items = []
    for _ in range(n_items):
        slot, value, weight, kind, before, after, n_inner, n_chars = _ITEM.unpack_from(data, at)
        at += _ITEM.size
        inner = _hashes(n_inner, data, at)
        at += 8 * n_inner
        chars = _hashes(n_chars, data, at)
        at += 8 * n_chars
        hashes = (_shared(value), weight, _shared(kind), inner, _shared(before), _shared(after), chars)
        items.append(Item(Slot(slot), *hashes))
    moments = []
    for _ in range(n_moments):
        role, day, minute, loose, known = _MOMENT.unpack_from(data, at)
        at += _MOMENT.size
        moments.append(
            Moment(
                Role(role),
                date.fromordinal(day) if day else None,
                None if minute < 0 else minute,
                loose,
                known,
            )
        )
    return Features(
        exact=exact,
        grams=grams,
        aliases=aliases,
        items=tuple(items),
        moments=tuple(moments),
        posted_at=datetime.fromtimestamp(posted, UTC),
        due=datetime.fromtimestamp(due, UTC) if has_due else None,
        cancels=bool(flags & _CANCELS),
        changes=bool(flags & _CHANGES),
        asks=bool(flags & _ASKS),
        reports=bool(flags & _REPORTS) if version == _VERSION else None,
        daily=bool(flags & _DAILY),
        key_mark=key_mark,
        frame=frame,
        letters=letters,
    )
