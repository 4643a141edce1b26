"""A grid: a notice with one slot exchanged is another notice, a notice reworded is the same; over many subjects."""

import itertools

import pytest

from bot.notices.compare import same
from tests.notices.kit import features

SUBJECTS = (
    "防溺水", "养老认证", "渔船检修", "古树名木", "校服征订", "燃气报警器", "种畜禽场", "残疾人辅具", "打谷场",
    "光伏并网", "中药材种苗", "门诊处方", "食堂留样", "电梯年检", "图书漂流", "桥梁检测", "退役士兵", "灯光夜市",
    "村集体资产", "营养改善计划", "雨污分流", "疫苗冷链", "代耕代种", "苗木移栽", "智能水表", "信访积案", "蜂农转场",
    "粮食烘干", "广告牌匾", "血透室", "拖欠工程款", "红薯储藏", "客运包车", "冰面救援", "税费清缴", "海蜇捕捞",
)  # fmt: skip
BASE = {
    "who": "各村",
    "verb": "报送",
    "place": "双溪片",
    "period": "10月份",
    "subject": "",
    "object": "台账",
    "due": "11月20日17:00",
}
CLASSES = {
    "who": ("各社区", "各校", "各网格", "各站所", "各卫生院", "各支部", "各企业", "各营业部", "各渔船"),
    "place": ("青石片", "高岭片"),
    "period": ("9月份", "11月份", "三季度"),
    "object": ("照片", "总结", "方案", "承诺书", "视频", "截图", "自查报告", "宣传稿", "复印件"),
    "due": ("11月21日17:00", "11月20日12:00", "12月20日17:00", "后天17:00"),
}  # fmt: skip
WORDING = "请{who}于{due}前{verb}{place}{period}{subject}{object}"
REWORDINGS = (
    "{who}：{place}{period}{subject}{object}{due}前报送",
    "【转发】请{who}于{due}前{verb}{place}{period}{subject}{object}",
    "再次提醒：请{who}于{due}前{verb}{place}{period}{subject}{object}，逾期通报",
    "各位辛苦了，麻烦{who}{due}前把{place}{period}{subject}的{object}交一下，谢谢",
    "{subject}{object}请{who}抓紧报",
    "{subject}{object}还没交的抓紧，{due}前",
    "{place}{period}的{subject}{object}，{who}11月20日下午5点前上报到办公室",
    "{who}注意：11.20下午五点前要交{place}{period}{subject}{object}@所有人",
    "镇党政办：根据上级要求，请{who}务必于11月20日17点前提交{place}{period}{subject}工作{object}，收到请回复",
    "各位好，今天天气转冷注意保暖。另外，{place}{period}{subject}{object}，{who}{due}前报送。有问题打我电话",
)
ACTS = ("{who}请排查{subject}", "{who}请参加{subject}培训", "{who}请下载{subject}小程序", "{who}请给{subject}投票")  # fmt: skip
COUNTS = ("每村报{n}名{subject}人员参训", "{subject}名额{n}个，各村抓紧", "{n}岁以上的{subject}对象请各村统计")  # fmt: skip


def written(wording: str, subject: str, **exchanged: str) -> str:
    """Return a notice about a subject, with some slots exchanged."""
    return wording.format(**{**BASE, "subject": subject, **exchanged})


def wrong(pairs: list[tuple[str, str]], *, wanted: bool) -> list[tuple[str, str, str]]:
    """Return the pairs that are judged otherwise, with the reason."""
    judged = [(a, b, same(features(a), features(b))) for a, b in pairs]
    return [(a, b, verdict.why) for a, b, verdict in judged if verdict.same is not wanted]


@pytest.mark.parametrize("slot", sorted(CLASSES))
def test_a_notice_with_another_value_in_a_slot_is_another(slot: str) -> None:
    pairs = [
        (written(WORDING, subject), written(other, subject, **{slot: value}))
        for subject, value in itertools.product(SUBJECTS, CLASSES[slot])
        for other in (WORDING, REWORDINGS[0])
    ]
    assert wrong(pairs, wanted=False) == []


@pytest.mark.parametrize("wording", [WORDING, REWORDINGS[0], REWORDINGS[3], REWORDINGS[4], REWORDINGS[8]])
def test_a_notice_about_another_subject_is_another(wording: str) -> None:
    pairs = [
        (written(WORDING, a), written(wording, b))
        for i, a in enumerate(SUBJECTS)
        for b in (SUBJECTS[(i + 1) % len(SUBJECTS)], SUBJECTS[(i + 7) % len(SUBJECTS)])
    ]
    assert wrong(pairs, wanted=False) == []


@pytest.mark.parametrize("wording", REWORDINGS)
def test_a_notice_in_other_words_is_the_same(wording: str) -> None:
    pairs = [(written(WORDING, subject), written(wording, subject)) for subject in SUBJECTS]
    assert wrong(pairs, wanted=True) == []
    assert wrong([(b, a) for a, b in pairs], wanted=True) == []


def test_another_thing_to_do_about_a_subject_is_another_notice() -> None:
    pairs = [
        (written(a, subject), written(b, subject))
        for subject in SUBJECTS
        for a, b in itertools.combinations(ACTS, 2)
    ]
    assert wrong(pairs, wanted=False) == []


def test_another_number_makes_another_notice() -> None:
    pairs = [
        (wording.format(subject=subject, n=n), wording.format(subject=subject, n=m))
        for subject in SUBJECTS
        for wording in COUNTS
        for n, m in ((2, 3), (60, 80))
    ]
    assert wrong(pairs, wanted=False) == []
