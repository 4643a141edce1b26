"""The writing side of `jianfu import`: into the database, or (dry) only counting."""

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from bot.app import Store, notice_settings
from bot.classify.classifier import Classifier
from bot.classify.loader import load_rules
from bot.classify.tokenizer import make_tokenizer
from bot.config import Config
from bot.period import WorkingHours
from bot.store.database import Database
from bot.store.export_reader import known_groups, oldest_followed
from bot.store.follow import Follower
from bot.store.history import HistoryWriter, Summary
from bot.store.identities import Identities
from bot.store.recorder import Recorder, Stored
from bot.store.vault import KEY_BYTES, Vault

MARK = "import.unfinished"


class HistoryFollower(Follower):
    """Keeps nothing of what was entered: an import links everything at its end, from the rows."""

    def enter(self, session: Session, stored: Sequence[Stored]) -> bool:
        """Make rows, as for live messages."""
        try:
            return super().enter(session, stored)
        finally:
            self._entered.clear()


@dataclass(frozen=True, slots=True)
class Importing:
    """An import under way."""

    writer: HistoryWriter
    known_groups: dict[tuple[str, str], str]
    mark: Path | None  # stands while messages are stored whose notices are not linked
    relinked: bool = False  # an import that was broken off before had left such messages

    def finish(self) -> Summary:
        """Link what was stored; return what the import brought."""
        summary = self.writer.finish()
        if self.mark is not None:
            self.mark.unlink(missing_ok=True)
        return summary


@contextmanager
def counting_only(config: Config) -> Iterator[Importing]:
    """Yield an import that counts and touches no disk; the county's corrections are not known to it."""
    rules = load_rules(config.classify.rules)
    vault = Vault(secrets.token_bytes(KEY_BYTES))
    identities = Identities(vault)
    recorder = Recorder(identities, vault, config.zone, config.privacy.text_days)
    follower = Follower(notice_settings(config), vault, config.zone)
    with tempfile.TemporaryDirectory() as cache:
        tokenizer = make_tokenizer(config.classify.tokenizer, rules.words, Path(cache))
        classify = Classifier(rules, tokenizer).classify_many
        memory = Database("sqlite://")
        writer = HistoryWriter(memory, identities, recorder, follower, classify, _hours(config), dry=True)
        yield Importing(writer, {}, None)
        memory.close()


@contextmanager
def importing(config: Config) -> Iterator[Importing]:
    """Yield an import into the database. What an earlier one left unlinked, killed as it was, is linked first."""
    store = Store(config)
    mark = config.data_dir / MARK
    try:
        store.open()
        follower = HistoryFollower(notice_settings(config), store.vault, config.zone)
        relinked = mark.exists()
        if relinked:
            with store.database.write() as session:
                oldest = oldest_followed(session)
                if oldest is not None:
                    follower.rebuild(session, oldest)
        with store.database.read() as session:
            known = known_groups(session)
        classify = store.classifier().classify_many
        writer = HistoryWriter(
            store.database, store.identities, store.recorder, follower, classify, _hours(config)
        )
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        yield Importing(writer, known, mark, relinked)
    finally:
        store.close()


def _hours(config: Config) -> WorkingHours:
    return WorkingHours(config.counting.work_begin, config.counting.work_end, config.zone)
