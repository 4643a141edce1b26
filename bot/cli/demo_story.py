"""The story of the demonstration: three groups of an invented county, one office."""

from collections.abc import Callable
from datetime import timedelta

from bot.testing import Said, Town

Teller = Callable[[str], None]

TOWN = ("周书记", "李会计", "王网格", "赵支书", "钱支书", "孙支书")
FLOOD = ("吴站长", "赵支书", "钱支书", "孙支书", "王网格", "李会计")
UNITED = ("郑部长", "赵支书", "钱支书", "孙支书", "李会计", "冯干事")
OFFICE = ("何主任", "吕科员")

FORM = "【通知】请各村于11月27日17:00前报送普法工作总结，收到请回复"


async def tell(town: Town, line: Teller, show: Callable[[Said], None]) -> None:
    """Let the county live through its fortnight."""

    def heard() -> None:
        for said in town.news():
            show(said)

    async def say(group: str, who: str, text: str) -> None:
        line(f"［{group}］ {who}：{text}")
        await town.say(group, who, text)
        heard()

    async def ask(group: str | None, who: str, text: str) -> None:
        line(f"［{group or '私聊'}］ {who}：{'@减负助手 ' if group else ''}{text}")
        for said in await town.ask(group, who, text):
            show(said)

    async def digests() -> None:
        await town.minute()
        for _ in range(31):  # they are spread over half an hour
            town.clock.advance(minutes=1)
            await town.settle(5)
        heard()

    line("—— 第一天：机器人进了四个群，群主同意后才开始记录 ——")
    for name, people, owner in (
        ("青石镇工作群", TOWN, "周书记"),
        ("防汛值班群", FLOOD, "吴站长"),
        ("统战工作群", UNITED, "郑部长"),
        ("县减负办", OFFICE, "何主任"),
    ):
        town.channel.add_group(name, people, owner)
        await town.happen([town.channel.snapshot_at(name, town.clock.now())])
        heard()
        await ask(name, owner, "同意")
    await ask("青石镇工作群", "周书记", "登记 单位=青石镇党政办 用途=日常工作 期限=2027-12-31")

    line("")
    line("—— 第一周只观察：同样的点名发进两个群，机器人不插话 ——")
    town.clock.advance(hours=1)
    await say("青石镇工作群", "周书记", "请各村今天下班前报送秸秆禁烧台账，收到请回复")
    for who in ("赵支书", "钱支书", "孙支书", "王网格"):
        await say("青石镇工作群", who, "收到")
    await say("统战工作群", "郑部长", "转发：请各村今天下班前报送秸秆禁烧台账，收到请回复")
    for who in ("赵支书", "钱支书"):
        await say("统战工作群", who, "收到")
    await say("青石镇工作群", "王网格", "照片拍得真好看")
    await say("青石镇工作群", "周书记", "请各网格马上发一张巡查照片到群里")
    town.clock.advance(days=1, hours=11)
    await say("统战工作群", "郑部长", "请大家给“最美村医”点赞投票，每人每天3票，截图发群")

    line("")
    line("—— 第二周：同一通知进了三个群，一个“收到”处处算数 ——")
    town.clock.set(town.clock.now() + timedelta(days=7 - 1.45))
    await digests()
    await say("青石镇工作群", "周书记", FORM)
    for who in ("赵支书", "钱支书", "孙支书"):
        await say("青石镇工作群", who, "收到，马上办")
    await say("统战工作群", "郑部长", f"转发：{FORM}")
    await say("防汛值班群", "吴站长", "再次提醒：普法工作总结11月27日17点前报送，收到请回复")
    await say("防汛值班群", "吴站长", "【暴雨红色预警】请各村立即转移低洼处群众，收到请回复！")
    await say("防汛值班群", "吴站长", "再发一遍：【暴雨红色预警】请各村立即转移低洼处群众，收到请回复！")
    line("（应急消息从不拦、不提示）")

    line("")
    line("—— 各人问各人的 ——")
    await ask(None, "周书记", "回执 1")
    await ask(None, "赵支书", "我的待办")
    await ask(None, "赵支书", "完成 1")
    await ask("统战工作群", "钱支书", "我的负担")
    await ask(None, "孙支书", "查重 普法工作总结什么时候交")
    await ask("青石镇工作群", "王网格", "本群负担")

    line("")
    line("—— 下周一早上：周报给群主和县减负办，各一次 ——")
    town.clock.set(
        town.clock.now().replace(hour=0, minute=31) + timedelta(days=8 - town.clock.now().isoweekday())
    )
    await digests()
