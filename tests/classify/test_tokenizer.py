"""jieba and rjieba are one tokenizer to the rules, which are all that sees words: the same rules, the same labels."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from bot.classify.classifier import Classifier
from bot.classify.rules import RuleSet
from bot.classify.tokenizer import make_tokenizer
from bot.errors import ConfigError
from tests.classify.conftest import all_texts


@pytest.fixture(scope="module")
def reference(rules: RuleSet, cache_dir: Path) -> Classifier:
    return Classifier(rules, make_tokenizer("jieba", rules.words, cache_dir), learned=None)


@pytest.fixture(scope="module")
def fast(rules: RuleSet, cache_dir: Path) -> Classifier:
    pytest.importorskip("rjieba", reason="no wheel of rjieba for this machine")
    return Classifier(rules, make_tokenizer("rjieba", rules.words, cache_dir), learned=None)


def test_both_find_the_same_rules_on_all_our_data(reference: Classifier, fast: Classifier) -> None:
    for text in all_texts():
        assert reference.classify(text) == fast.classify(text)


def test_both_find_the_same_rules_on_random_strings(reference: Classifier, fast: Classifier) -> None:
    rng = random.Random(3)
    words = (
        sorted(set("".join(all_texts())))
        + list(reference.rules.words)
        + list(" \n，。！？0123456789abc①➊㈱🙏")
    )
    for _ in range(20_000):
        text = "".join(rng.choices(words, k=rng.randint(1, 8)))
        assert reference.classify(text) == fast.classify(text), text


def test_no_character_is_lost(rules: RuleSet, cache_dir: Path) -> None:
    for kind in ("jieba", "auto"):
        tokenizer = make_tokenizer(kind, rules.words, cache_dir)
        for text in all_texts()[::200]:
            assert "".join(tokenizer.cut(text)) == text


def test_an_unknown_implementation_says_what_would_be_right(
    rules: RuleSet, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    assert make_tokenizer("auto", rules.words, cache_dir).name == "jieba"
    with pytest.raises(ConfigError, match="auto"):
        make_tokenizer("rjieba", rules.words, cache_dir)


def test_jieba_is_silent_and_keeps_its_cache_where_it_is_told(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bot.classify.tokenizer import make_tokenizer; "
        "print(make_tokenizer('jieba', ['收到请回复'], Path(sys.argv[1])).cut('请收到请回复'))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "TMPDIR": str(tmp_path), "PYTHONUTF8": "1"},
    )
    assert done.stderr == ""
    assert done.stdout.strip() == "['请', '收到请回复']"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["jieba.cache"]
    assert not list(tmp_path.glob("jieba*"))
