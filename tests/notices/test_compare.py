"""Pairs of texts: floors on our corpora, and what a verdict says."""

from pathlib import Path

import pytest

from bot.cli.compare import judge, read_pairs
from bot.notices.compare import Verdict, same
from tests.notices.kit import START, features

CORPUS = Path(__file__).parents[1] / "corpus"
# The scale was learnt from these files too: floors against losing ground, not a measure of what it does elsewhere
# (`python -m bot.notices.learn --check` leaves each file out in turn).
FLOORS = {
    "duplicates_one.tsv": (0.93, 0.88),
    "duplicates_two.tsv": (0.96, 0.95),
    "duplicates_own.tsv": (0.98, 0.93),
    "duplicates_plain_one.tsv": (0.98, 0.97),
    "duplicates_plain_two.tsv": (0.97, 0.95),
    "duplicates_close_one.tsv": (0.98, 0.95),
}


def compared(a: str, b: str) -> Verdict:
    """Compare two texts posted on one day."""
    return same(features(a), features(b))


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_precision_and_recall_keep_their_floors(name: str) -> None:
    with (CORPUS / name).open("rb") as source:
        judged = [(pair.same, judge(pair, None, START).same) for pair in read_pairs(source)]
    right = sum(1 for wanted, found in judged if wanted and found)
    precision = right / sum(found for _, found in judged)
    recall = right / sum(bool(wanted) for wanted, _ in judged)
    assert len(judged) > 100
    assert precision >= FLOORS[name][0]
    assert recall >= FLOORS[name][1]


def test_texts_of_unrelated_pairs_are_hardly_ever_the_same() -> None:
    pairs = []
    for name in sorted(FLOORS):
        with (CORPUS / name).open("rb") as source:
            pairs += [(features(pair.a), features(pair.b)) for pair in read_pairs(source)]
    distant = [(i, (i + step) % len(pairs)) for i in range(len(pairs)) for step in range(7, 280, 13)]
    alike = sum(same(pairs[i][0], pairs[j][1]).same for i, j in distant)
    assert len(distant) > 5000
    assert alike / len(distant) < 0.002


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("请各村报送防溺水台账", "防溺水台账各村抓紧交一下"),
        ("请上传学习截图", "学习截屏发一下"),
        ("今晚9点前报送禁烧总结", "禁烧总结今晚21:00前交"),
        ("11月15日前报残疾人名单", "残疾人名册11.15前上报"),
        ("请各村报送防溺水台账", "【转发】再次提醒：请各村报送防溺水台账！谢谢配合🙏"),
        ("請各村報送防溺水臺賬", "请各村报送防溺水台账"),
        ("请各村报送防溺水台账", "各位辛苦了，天冷注意保暖。另外防溺水台账请各村记得报送，有问题联系我"),
    ],
)
def test_rewordings_are_the_same_notice(a: str, b: str) -> None:
    assert compared(a, b).same
    assert compared(b, a).same


@pytest.mark.parametrize(
    ("a", "b", "slot"),
    [
        ("请各村报送防溺水台账", "请各村报送地质灾害台账", "事项"),
        ("请村医报高血压随访表", "请村医报糖尿病随访表", "事项"),
        ("请报60岁以上老人名单", "请报80岁以上老人名单", "数字"),
        ("请今天报防溺水台账", "请明天报防溺水台账", "时间"),
        ("请各村书记参加禁烧会", "请各村主任参加禁烧会", "对象"),
        ("请报防溺水总结", "请报防溺水方案", "索要内容"),
        ("请报10月份防溺水台账", "请报11月份防溺水台账", "所属时期"),
        ("请报三季度工会经费表", "请报四季度工会经费表", "所属时期"),
        ("值班人员每两小时签到一次", "值班人员每小时签到一次", "数字"),
        ("明天在三楼会议室召开禁烧会", "明天在五楼会议室召开禁烧会", "数字"),
        ("请立即停止井下作业", "今起可以恢复井下作业", "相反或并列的内容"),
    ],
)
def test_another_slot_makes_another_notice(a: str, b: str, slot: str) -> None:
    verdict = compared(a, b)
    assert not verdict.same
    assert slot in verdict.changed
    assert slot in verdict.why


def test_another_date_is_a_series() -> None:
    assert compared("请11月8日前报防溺水台账", "请11月9日前报防溺水台账").series
    assert not compared("请11月8日前报防溺水台账", "请11月9日前报地质灾害台账").series


def test_a_post_that_says_so_is_a_version() -> None:
    verdict = compared("请11月8日前报防溺水台账", "防溺水台账报送时间改为11月9日前")
    assert (verdict.version, verdict.series, verdict.same) == (True, False, False)


def test_a_cancellation_cancels_and_the_reverse_does_not() -> None:
    assert compared("请报防溺水台账", "防溺水台账不用报了").cancels
    assert not compared("防溺水台账不用报了", "请报防溺水台账").cancels
    assert not compared("请报防溺水台账", "地质灾害台账不用报了").cancels
    assert not compared("请参加防溺水会议", "防溺水会议没有取消").cancels


def test_too_little_in_common_is_never_the_same() -> None:
    assert not compared("收到请回复", "请各村报送防溺水台账，收到请回复").same
    assert not compared("请各村抓紧报", "请各村报送防溺水台账").same


def test_words_in_the_explanation_can_be_read() -> None:
    why = compared("请各村报送防溺水台账", "请各村报送地质灾害台账").why
    assert "防溺水" in why.replace("、", "") or "溺水" in why
    assert "地质灾害" in why


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("请各村报材料", "转发：请各村报材料"),
        ("明早北苑班车6:50发车", "北苑班车明早06:50发车，请勿误点"),
        ("请高一各班报贫困生名单", "高一各班抓紧报贫困生名单，高二的下周再说"),
        ("科室自查报告今天交质控科，科主任签字", "质控科：自查报告主任签字后今天交"),
        ("各税务分局报纳税信用统计表", "纳税信用统计表请各分局报一下"),
    ],
)
def test_what_is_said_beside_the_demand_does_not_matter(a: str, b: str) -> None:
    assert compared(a, b).same
    assert compared(b, a).same


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("收到请回复", "收到请回复"),
        ("明早北苑班车6:50发车", "明早北苑班车7:20发车"),
        ("五(2)班秋游，家长接龙", "五(4)班秋游，家长接龙"),
        ("防汛响应提升为三级，干部待命", "防汛响应降为三级，干部待命"),
        ("今晚夜巡会，全体辅警参加", "今晚夜巡会，全体民警参加，辅警正常巡逻"),
        ("请各网格报送养老认证排查情况", "请各站所报送养老认证自查报告"),
        ("明天县医院报到", "明天县中医院报到"),
        ("春晚彩排各村出主持人1名", "春晚彩排各村出1名表演者"),
        ("请施工方停止使用塔吊", "请施工方恢复使用塔吊"),
        ("请各村排查防溺水隐患", "请各村下载防溺水小程序"),
    ],
)
def test_what_is_opposite_or_beside_it_is_another_notice(a: str, b: str) -> None:
    assert not compared(a, b).same
    assert not compared(b, a).same


def test_what_is_done_is_not_what_is_asked() -> None:
    verdict = compared("请把信访件答复书扫描发我", "信访件答复书已扫描发您")
    assert not verdict.same
    assert verdict.why == "一个说已经办了，另一个是要人去办"


def test_a_word_of_one_letter_that_means_much_else_drowns_no_word() -> None:
    assert not compared("请各村把抗旱水泵归还农办", "请各村到农办领取抗旱水泵").same


@pytest.mark.parametrize(
    "more",
    [
        "，已上报的请忽略",
        "，已完成的请忽略",
        "。模板已发至群文件，请下载",
        "，截至目前已有5个村完成，其余抓紧",
    ],
)
def test_what_others_have_done_makes_no_other_notice(more: str) -> None:
    asked = "请各村今天17点前报送防汛台账"
    assert compared(asked, asked + more).same
    assert compared(asked + more, asked).same


def test_a_word_is_followed_to_the_plainest_of_all_groups() -> None:
    assert compared("请各村把救灾棉被派发到户", "请各村把救灾棉被发放到户").same
