"""How a trade's exits are shown: what kind of stop it is, the steps, and the time that is left."""

from __future__ import annotations

from sample_views import preview, trade

from bot.render import trade as lines
from bot.render.preview import facts
from engine.wire.views import StepView

STEPS = (StepView("2709.34", 50.0, True), StepView("2736.16", 30.0, False))


def test_a_raised_stop_is_shown_by_its_kind() -> None:
    assert "stop 2,628.86" in lines.summary(trade())
    assert "trailing stop 2,628.86" in lines.summary(trade(stop_kind="trailing_stop"))
    assert "break-even stop 2,628.86" in lines.summary(trade(stop_kind="break_even"))


def test_steps_that_are_still_to_come_stand_between_stop_and_target() -> None:
    words = lines.summary(trade(steps=STEPS))
    assert "30 % at 2,736.16 (+2.00 %), target" in words
    assert "2,709.34" not in words


def test_an_answer_shows_every_step_and_the_time_that_is_left() -> None:
    texts = [field["text"] for field in lines.table(trade(steps=STEPS, time_left_s=7_500.0))["fields"]]
    assert any("50 % at 2,709.34 (+1.00 %), done\n30 % at" in text for text in texts)
    assert "*Time left*\n2 h 5 min" in texts


def test_what_the_sold_part_made_stands_beside_what_is_held() -> None:
    """The result of all together is shown where nobody reads it later; what was realised moves no more."""
    part = trade(qty="0.0466", exit_price="2736.16", pnl_quote="4.20", pnl_pct=1.68, realised_quote="2.37")
    assert lines.told("changed", "a step was sold", part).endswith(f"+2.37 USDT realised so far. {lines.summary(part)}")
    texts = [field["text"] for field in lines.table(part)["fields"]]
    assert "*Result now*\n+4.20 USDT (+1.68 %), +2.37 USDT of it realised" in texts
    assert "realised" not in lines.told("changed", "the stop moved", trade())


def test_a_closed_trade_says_which_stop_it_was() -> None:
    assert "by the trailing stop" in lines.summary(trade(is_open=False, exit_reason="trailing_stop"))
    assert "by the time stop" in lines.summary(trade(is_open=False, exit_reason="time_stop"))


def test_a_preview_shows_how_the_trade_would_be_left() -> None:
    shown = facts(preview(plan="the stop follows by 1.5 %"))
    assert any(field["text"].endswith("the stop follows by 1.5 %") for field in shown[0]["fields"])
