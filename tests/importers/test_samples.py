"""Every sample file gives exactly the events that are written down beside it."""

import pytest

from bot.errors import ImportFormatError
from bot.events import GroupSnapshot, Message
from bot.importers.base import Labelled, Rejected
from bot.importers.registry import READERS, detect
from bot.importers.sources import FileSource
from tests.importers.samples import FILES, read, shown

EXPECTED = FILES.parent / "expected"
SAMPLES = sorted(path for path in FILES.iterdir() if (EXPECTED / f"{path.name}.txt").exists())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_sample_gives_the_expected_events(path):
    expected = (EXPECTED / f"{path.name}.txt").read_text(encoding="utf-8").splitlines()
    assert shown(read(path)) == expected


def test_every_reader_has_a_sample():
    assert {detect(FileSource(path)).name for path in SAMPLES} == {reader.name for reader in READERS}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_only_one_reader_takes_a_sample(path):
    head = FileSource(path).head
    takers = [reader.name for reader in READERS if reader.sniff(head)]
    assert len(takers) == 1


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_snapshot_of_a_group_comes_before_its_messages(path):
    opened = set()
    for event in read(path):
        if isinstance(event, GroupSnapshot):
            assert event.history
            opened.add(event.group.native_id)
        elif isinstance(event, Message | Labelled):
            message = event.message if isinstance(event, Labelled) else event
            assert message.group is not None
            assert message.group.native_id in opened


@pytest.mark.parametrize("path", sorted(FILES.iterdir()), ids=lambda path: path.name)
def test_private_chats_leave_no_trace(path):
    seen = []
    try:
        for event in read(path):
            seen += [repr(event), event.raw if isinstance(event, Rejected) else ""]
    except ImportFormatError as error:
        seen.append(str(error))
    assert seen
    assert not any("秘密" in text for text in seen)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("chatlab_private.json", "private"), ("weflow_private.json", "私聊"), ("qq_private.json", "private")],
)
def test_private_chat_is_refused_by_its_kind(name, kind):
    with pytest.raises(ImportFormatError, match=kind):
        read(FILES / name)


@pytest.mark.parametrize("name", ["memotrace_new.csv", "memotrace_old.csv", "memotrace.txt", "weclone.csv"])
def test_group_name_is_asked_for_where_the_format_has_none(name):
    from tests.importers.samples import options

    source = FileSource(FILES / name)
    with pytest.raises(ImportFormatError, match="--group"):
        list(detect(source).read(source, options()))
