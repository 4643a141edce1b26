"""What is kept of a text: its slots, its packed form, nothing readable."""

import struct
from dataclasses import replace

import pytest

from bot.notices.compare import same
from bot.notices.features import extract, pack, unpack
from bot.notices.slots import Features, Slot
from tests.notices.kit import KEY, START, SUMMARY, ZONE, features

PAIRS = [
    (SUMMARY, "转发：" + SUMMARY),
    (SUMMARY, "请各村11月8日前报送地质灾害工作总结"),
    (SUMMARY, "防溺水工作总结报送时间改为11月10日前"),
    (SUMMARY, "防溺水工作总结不用报了"),
    ("请报送60岁以上老人名单", "请报送80岁以上老人名单"),
]


def words(found: Features, slot: Slot) -> set[str]:
    """Return the readable words of a slot."""
    return {found.readable[item.value] for item in found.items if item.slot is slot}


def test_slots_are_told_apart() -> None:
    found = features("请各村书记于11月8日前将60岁以上独居老人10月份台账报镇民政办")
    assert words(found, Slot.ADDRESSEE) == {"各村", "书记"}
    assert "台账" in words(found, Slot.OBJECT)
    assert words(found, Slot.NUMBER) == {"60岁", "以上岁界"}
    assert words(found, Slot.PERIOD) == {"10月"}
    assert "民政办" in words(found, Slot.PLACE)
    assert found.due is not None


@pytest.mark.parametrize(
    "text", ["收到请回复", "@所有人 收到请回复！", "", "🙏🙏", "[图片]", "\x00\ud800", "1"]
)
def test_a_text_without_content_has_no_substance(text: str) -> None:
    assert features(text).substance == 0


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (SUMMARY, "防溺水工作总结"),
        ("转发：请各村今天下班前报送秸秆禁烧台账，收到请回复", "秸秆禁烧台账"),
        ("收到请回复", ""),
    ],
)
def test_the_hint_is_a_short_title(text: str, hint: str) -> None:
    assert features(text).subject_hint == hint


def test_the_hint_is_never_longer_than_a_line() -> None:
    assert len(features("请报送" + "秸秆禁烧防溺水地质灾害高血压随访" * 9).subject_hint) <= 20


def test_traditional_and_full_width_forms_are_one() -> None:
    assert (
        features("請各村於１１月８日前報送防溺水工作總結").exact
        == features("请各村于11月8日前报送防溺水工作总结").exact
    )


def test_packed_features_come_back_equal() -> None:
    found = features("各村：请于11月14日17:00前将60岁以上老人10月份台账报镇民政办，改为电子版")
    back = unpack(pack(found, KEY))
    assert back == found
    assert back.due == found.due


def test_nothing_readable_is_packed() -> None:
    found = features("请报送金丝雀台账至民政办，联系人王小明")
    data = pack(found, KEY)
    assert unpack(data).readable == {}
    assert unpack(data).subject_hint == ""
    for word in ("金丝雀", "台账", "民政办", "王小明"):
        assert word.encode() not in data
        assert word.encode("utf-16-le") not in data


@pytest.mark.parametrize("version", [1, 2])
def test_what_was_packed_before_there_were_letters_is_still_read(version: int) -> None:
    found = features("各村：请于11月14日17:00前将60岁以上老人10月份台账报镇民政办")
    data = pack(found, KEY)
    at = struct.calcsize(">BQQdd?B") + struct.calcsize(">HHHH")
    frame, letters = (text.encode("utf-16-be") for text in (found.frame, found.letters))
    kept = data[at : at + 2 + len(frame)] if version == 2 else b""
    old = bytes([version]) + data[1:at] + kept + data[at + 4 + len(frame) + len(letters) :]
    assert unpack(old) == replace(found, frame="", letters="", reports=None)


def test_marks_do_not_tell_letters_apart() -> None:
    letters = {chr(code) for code in range(0x4E00, 0x9000)}
    found = features("".join(sorted(letters))[:6000])
    assert len(set(found.frame)) <= 64
    assert len(set(found.letters)) <= 1024
    assert list(found.letters) == sorted(set(found.letters))


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_packed_unpacked_and_mixed_features_compare_alike(a: str, b: str) -> None:
    fresh = (features(a), features(b))
    stored = tuple(unpack(pack(side, KEY)) for side in fresh)
    verdict = same(*fresh)
    for left, right in ((stored[0], fresh[1]), (fresh[0], stored[1]), stored):
        other = same(left, right)
        assert (other.same, other.score, other.changed) == (verdict.same, verdict.score, verdict.changed)
        assert (other.series, other.version, other.cancels) == (
            verdict.series,
            verdict.version,
            verdict.cancels,
        )


def test_features_are_packed_only_with_their_own_key() -> None:
    with pytest.raises(ValueError, match="another key"):
        pack(features(SUMMARY), b"another")


def test_another_key_gives_other_hashes() -> None:
    other = extract(SUMMARY, START, ZONE, key=b"another")
    assert not {*other.grams} & {*features(SUMMARY).grams}


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x09" + bytes(64)])
def test_what_was_not_packed_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="packed features"):
        unpack(data)


def test_a_very_long_text_is_packed_and_compared() -> None:
    long = "".join(chr(0x4E00 + i * 7 % 20000) for i in range(20000))
    found = features(long)
    assert unpack(pack(found, KEY)) == found
    assert same(found, found).same
