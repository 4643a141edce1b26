"""A classifier with our own rules, made once."""

from functools import cache
from pathlib import Path

import pytest

from bot.classify.classifier import Classifier
from bot.classify.loader import load_rules
from bot.classify.rules import RuleSet
from bot.classify.tokenizer import make_tokenizer
from bot.cli.evaluate import read_labelled

CORPUS = Path(__file__).parents[1] / "corpus"
OWN_FILES = ("township", "village", "school", "health", "own")


@cache
def all_texts() -> list[str]:
    """Return the texts of all our labelled messages."""
    found: list[str] = []
    for path in sorted(CORPUS.rglob("messages_*.tsv")):
        with path.open(encoding="utf-8", newline="\n") as lines:
            found += [message.text for message in read_labelled(lines, path.name)]
    return found


@pytest.fixture(scope="session")
def rules() -> RuleSet:
    return load_rules()


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokenizer")


@pytest.fixture(scope="session")
def classifier(rules: RuleSet, cache_dir: Path) -> Classifier:
    return Classifier(rules, make_tokenizer("auto", rules.words, cache_dir))


@pytest.fixture(scope="session")
def by_rules(rules: RuleSet, cache_dir: Path) -> Classifier:
    """Return a classifier that asks the rules alone."""
    return Classifier(rules, make_tokenizer("auto", rules.words, cache_dir), learned=None)
