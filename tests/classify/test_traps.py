"""What rules over plain substrings get wrong."""

import pytest

from bot.classify.classifier import Classifier
from bot.events import Label

SAID = {
    "收到": "ack",
    "好的收到": "ack",
    "收到马上办": "ack",
    "sd": "ack",
    "👌": "ack",
    "收": "ack",
    "1": "ack",
    "已收悉": "ack",
    "收到请回复": "rollcall_demand",
    "看到回1": "rollcall_demand",
    "@所有人 收到请回复1": "rollcall_demand",
    "请回复１": "rollcall_demand",
    "接龙": "rollcall_demand",
    "请发现场照片": "photo_demand",
    "请發現場照片": "photo_demand",
    "请发📷现场照片": "photo_demand",
    "请 发 现 场 照 片": "photo_demand",
    "各位老师请把照片发群里明天下午五点前": "photo_demand;deadline",
    "[图片]": "supply",
    "照片已发": "supply",
    "不用报材料了": "cancel_or_exempt",
    "收到不用回": "cancel_or_exempt",
    "会议没有取消，明天上午九点照常召开": "meeting",
    "「王主任：收到请回复」\n- - - - - - - -\n好的": "ack",
    "「请发照片」\n———————\n发到哪里？": "none",
    "没收到快递": "none",
    "钱收到了": "none",
    "谁收到我的伞了？": "none",
    "日报到达时间太晚": "none",
    "简报表述要准确": "none",
    "公开会计岗位": "none",
    "打卡车司机多少钱": "none",
    "点名单在桌上": "none",
    "你请假装什么病": "none",
    "学习惯了就好": "none",
    "王明白天不在家": "none",
    "注册会计师考试难不难": "none",
    "照片拍得真好看": "none",
    "周末去打卡美食店": "none",
    "今天是不是要报材料？": "none",
    "又要打卡又要截图，没法干活了": "none",
    "国足排名又掉了": "none",
    "点赞！辛苦了": "none",
}


@pytest.mark.parametrize(("text", "labels"), SAID.items())
def test_a_message_gets_what_it_does(classifier: Classifier, text: str, labels: str) -> None:
    wanted = frozenset() if labels == "none" else frozenset(map(Label, labels.split(";")))
    assert classifier.classify(text).labels == wanted


def test_one_is_a_receipt_alone_and_not_in_a_date(classifier: Classifier) -> None:
    assert Label.ACK in classifier.classify("1").labels
    assert Label.ACK not in classifier.classify("11月1日").labels


def test_a_report_of_work_that_mentions_photos_demands_none(classifier: Classifier) -> None:
    found = classifier.classify("今日巡查河道5公里，清理垃圾3处，照片已传群相册")
    assert found.labels == {Label.SUPPLY}


@pytest.mark.parametrize("text", ["忙死了", "救命啊作业好多", "快被病历淹死了"])
def test_a_figure_of_speech_is_no_emergency(classifier: Classifier, text: str) -> None:
    assert not classifier.classify(text).emergency


@pytest.mark.parametrize(
    "text",
    [
        "后山着火了！快打119",
        "【暴雨红色预警】立即转移群众",
        "我爷爷走丢了，看到的打我电话",
        "急诊有人拿刀，保安快来",
    ],
)
def test_danger_and_calls_for_help_are_emergencies(classifier: Classifier, text: str) -> None:
    assert classifier.classify(text).emergency
