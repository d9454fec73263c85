"""Mutes in a terminal: the words reach the engine, and what it answers and tells reads in plain lines."""

from __future__ import annotations

import pytest

from engine.cli.desk_text import event_text, reply_text
from engine.cli.main import main
from engine.wire.events import MutesChanged
from engine.wire.mutes import MutesView, MuteView
from engine.wire.replies import Reply

NS = 1_700_000_000 * 10**9
NEWS = MuteView("news", NS + 7_200 * 10**9, "cli:ann", NS)
LINE = "news until 15 Nov 00:13 UTC  (cli:ann)"


def test_what_was_done_is_said_above_what_is_muted_and_a_list_is_only_that() -> None:
    view = MutesView((NEWS,))
    assert reply_text(Reply("1", True, "OK", "news is muted.", view)) == f"news is muted.\n{LINE}"
    assert reply_text(Reply("1", True, "OK", "", view)) == LINE
    assert reply_text(Reply("1", True, "OK", "", MutesView(()))) == "nothing is muted in the channel: mute news 2h"


def test_the_desk_tells_who_muted_what_and_who_hears_it_again() -> None:
    muted = MutesChanged(ts_ns=NS, by="cli:ann", muted=NEWS, ended=(), mutes=(NEWS,))
    assert event_text(muted) == f"muted in the channel: {LINE}"
    ended = MutesChanged(ts_ns=NS, by="slack:U01ALICE", muted=None, ended=("news", "ETHUSDT"), mutes=())
    assert event_text(ended) == "not muted in the channel any more: news, ETHUSDT  (slack:U01ALICE)"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("mute me orders", "a terminal has none: type /mute me there."),
        ("mute news soon", "'soon' is no time"),
        ("mute news 1h because", "Say what, and then for how long"),
    ],
)
def test_what_can_not_be_meant_is_refused_before_anybody_is_asked(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    assert said in capsys.readouterr().err
