"""Names that are taken for one another, and names that are not."""

import subprocess
import sys
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_common.likeness import likeness, skeleton

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾"
    "丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤"
    "尹黎易常武乔贺赖龚文"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国春梅志婷玲辉鑫波斌宇浩凯健俊帆雪"
    "荣爱香月莺媛瑞凡佳嘉琼勤珍贞莉土士日曰己已巳未末大太犬天夫人入八鹃鹂一二三口"
)
INVISIBLE = [
    "\ufe00", "\ufe0f", "\u034f", "\u115f", "\u1160", "\u3164", "\uffa0", "\u200d", "\u00ad",
    "\u2060", "\u180b", "\U000e0100", "\U000e0061", "\U0001f3fb", "\u2800",
]  # fmt: skip


def look_alike(one: str, other: str) -> bool:
    """Whether two names have the same skeleton in the same place."""
    return any(mine == theirs for mine, theirs in zip(likeness(one), likeness(other), strict=True))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "Alice"), ("alice", "аlice"), ("alice", "aIice"), ("alice", "ａｌｉｃｅ"),
        ("alice", "𝒶𝓁𝒾𝒸ℯ"),
        ("Zo\u00eb", "Zoe\u0308"), ("straße", "STRASSE"), ("bob1", "bobl"), ("bob1", "bobI"),
        ("bob0", "bobO"),
        ("a b", "a\u00a0b"), ("a b", "a  b"), ("morn", "mom"), ("小明", "小明\ufe00"), ("李一", "李⼀"),
        ("李口", "李⼝"), ("①", "1"), ("ﬁn", "fin"), ("김", "ㄱㅣㅁ"), ("가", "\u1100\u1161"),
    ],
)  # fmt: skip
def test_these_look_alike(one: str, other: str) -> None:
    assert look_alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "alicia"), ("bob1", "bob2"), ("bob", "bobb"), ("Ian", "Lan"), ("anna", "hanna"),
        ("小明", "小红"),
        ("Zoë", "Zoe"), ("王土", "王士"), ("李鹃", "李鹂"), ("一", "二"), ("guest-0a1b", "guest-0a1c"),
        ("Анна", "Инна"),
        ("user1", "user11"), ("田中", "田申"), ("はな", "ばな"), ("👍", "👎"), ("干", "千"), ("a-b", "a.b"),
    ],
)  # fmt: skip
def test_these_do_not(one: str, other: str) -> None:
    assert not look_alike(one, other)


@given(st.text("abcdeo小明 Zé", min_size=1, max_size=6), st.sampled_from(INVISIBLE), st.integers(0, 6))
def test_what_cannot_be_seen_makes_no_other_name(name: str, invisible: str, at: int) -> None:
    end = at if invisible != "\u2800" else len(name)
    assert look_alike(name, name[:end] + invisible + name[end:])


@pytest.mark.parametrize("invisible", INVISIBLE)
def test_a_name_of_nothing_that_can_be_seen_is_empty(invisible: str) -> None:
    assert likeness(invisible * 2) == ("", "", "")


def test_no_two_of_many_chinese_names_look_alike() -> None:
    names = {f"{surname}{first}{second}" for surname in SURNAMES for first in GIVEN for second in GIVEN[::7]}
    for place in range(3):
        assert len({likeness(name)[place] for name in names}) == len(names)


def test_no_two_characters_of_gb_2312_look_alike() -> None:
    rows = (bytes([row, cell]) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    characters = [pair.decode("gb2312") for pair in rows if pair[0] != 0xD7 or pair[1] < 0xFA]
    assert len(characters) == 6763
    for place in range(3):
        assert len({likeness(character)[place] for character in characters}) == 6763


def test_of_ascii_only_these_look_alike() -> None:
    printable = [chr(code) for code in range(33, 127)]
    pairs = {one + other for one, other in combinations(printable, 2) if skeleton(one) == skeleton(other)}
    assert pairs == {"0O", "1I", "1l", "1|", "Il", "I|", "l|", "'`"}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_a_skeleton_is_its_own(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text)


def test_whoever_compares_no_names_reads_no_table() -> None:
    program = (
        "import voicechat_server.chat.service, voicechat_common.likeness as likeness;"
        "assert likeness._prototypes.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
