"""Corrections: texts that people labelled otherwise than the rules did."""

from sqlmodel import Session, col, select

from bot.events import Label
from bot.store.tables_work import Correction


def load(session: Session) -> dict[str, frozenset[Label]]:
    """Return the labels by normalised text."""
    return {row.key: parse(row.labels) for row in session.exec(select(Correction))}


def listing(session: Session) -> list[tuple[str, str, str]]:
    """Return (text, labels by people, labels by rules), newest first: what rules could learn from."""
    rows = session.exec(select(Correction).order_by(col(Correction.at).desc()))
    return [(row.text, row.labels, row.rules_labels) for row in rows]


def parse(labels: str) -> frozenset[Label]:
    """Return labels written with semicolons; `none` is none."""
    return frozenset(Label(name) for name in labels.split(";") if name and name != "none")
