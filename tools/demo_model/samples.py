"""The sample recordings that ship beside the model: sentences, and a conversation of two voices."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import soundfile

from tools.demo_model import augmentation, synthesis
from tools.demo_model.synthesis import Voice, Waveform

PEAK = 0.4
SNR_DB = 40.0
CONVERSATION = (
    "你好我想投诉一个电器商家",
    "您好我是客服人员请详细说明您的情况",
    "我在二零二零年买了一台冰箱",
    "好的我记录一下您的情况",
    "我的电话是六二八五一七三九",
    "我们会在四十八小时内给您回复",
    "谢谢你的帮助",
    "不客气再见",
)
CUSTOMER = Voice("m2", 170, 55, 0)
CLERK = Voice("m3", 155, 50, 0)


@dataclass(frozen=True)
class Sentence:
    """One recording: what is said, by whom, and the seconds of silence before and after it."""

    text: str
    voice: Voice
    before: float = 0.3
    after: float = 0.4


SENTENCES: Mapping[str, Sentence] = {
    "greeting": Sentence("你好欢迎使用语音聊天", Voice("f2", 165, 50, 0)),
    "complaint": Sentence("你好我想投诉一个电器商家", Voice("m3", 160, 50, 0)),
    "fridge": Sentence("我在二零二零年买了一台冰箱", Voice("m1", 160, 50, 0)),
    "phone": Sentence("我的电话号码是一三五零一二七八六四九", Voice("f3", 170, 55, 0)),
    "meeting": Sentence("会议改到周三下午三点半", Voice("m2", 160, 45, 0)),
    "weather": Sentence("北京明天多云气温二十三度", Voice("f3", 165, 50, 0)),
    "ticket": Sentence("我要订三张去上海的火车票", Voice("m1", 160, 50, 0)),
    "network": Sentence("网络连接断开了", Voice("m4", 165, 45, 0)),
    "repeat": Sentence("我听不清楚请再说一遍", Voice("f1", 160, 50, 0)),
    "cut_at_the_end": Sentence("现在是下午四点半", Voice("f5", 165, 50, 0), before=0.3, after=0.0),
}


def sentence(name: str, wanted: Sentence, seed: int) -> Waveform:
    """Say a sentence in a quiet room; a recording without silence after it ends with its last syllable."""
    speech = augmentation.scale_peak(synthesis.speak(wanted.text, wanted.voice), PEAK)
    whole = augmentation.surround_with_silence(speech, wanted.before, wanted.after)
    return augmentation.add_noise(whole, SNR_DB, slope=0.0, seed=Random(f"{seed} {name}").getrandbits(32))


def conversation(seed: int) -> Waveform:
    """Say the conversation, the two voices taking turns, with pauses of 1.2 to 2 seconds."""
    rng = Random(f"{seed} conversation")
    turns = [
        augmentation.scale_peak(synthesis.speak(text, CLERK if turn % 2 else CUSTOMER), PEAK)
        for turn, text in enumerate(CONVERSATION)
    ]
    joined = augmentation.join_with_pauses(turns, [rng.uniform(1.2, 2.0) for _ in turns[1:]])
    whole = augmentation.surround_with_silence(joined, 0.5, 1.0)
    return augmentation.add_noise(whole, SNR_DB, slope=0.0, seed=rng.getrandbits(32))


def write(folder: Path, seed: int) -> None:
    """Write all recordings as 16-bit WAV at 16 kHz, and their texts as `transcripts.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    recordings = {name: sentence(name, wanted, seed) for name, wanted in SENTENCES.items()}
    recordings["talk"] = conversation(seed)
    for name, samples in recordings.items():
        soundfile.write(folder / f"{name}.wav", samples, synthesis.SAMPLE_RATE, subtype="PCM_16")
    texts: dict[str, str | tuple[str, ...]] = {name: wanted.text for name, wanted in SENTENCES.items()}
    texts["talk"] = CONVERSATION
    listing = json.dumps(texts, ensure_ascii=False, indent=1)
    (folder / "transcripts.json").write_text(listing + "\n", encoding="utf-8")
