"""`trader buy` on a terminal: the preview, the question, and exactly what was shown; nothing without a yes."""

from __future__ import annotations

import msgspec
import pytest

from engine.cli.arguments import build_parser, words_last
from engine.cli.by_hand import previewed
from engine.wire.commands import Amount, AnyCommand, Buy, Confirm, Preview, Shown, Who
from engine.wire.hand_views import PreviewView
from engine.wire.replies import Reply

ORDER = Buy(id="b-1", who=Who("ann", "ann", "cli"), symbol="eth", amount=Amount("quote", "250"))
VIEW = PreviewView(
    symbol="ETHUSDT", base_asset="ETH", quote_asset="USDT", side="buy", qty="0.0932", price="2682.51",
    limit_price="2736.16", notional_quote="250.00", avg_price="2682.84", slippage_pct=0.012, book_part=1.0,
    fee_quote="0.25", stop_price="2628.86", target_price="", worst_loss_quote="10.49", code="OK", detail="", advice="",
    needs_second=False, is_one_step=False, fingerprint="feed", ts_ns=7, ts_expires_ns=9,
)  # fmt: skip


def asked(view: PreviewView, answer: str) -> tuple[Reply, list[AnyCommand]]:
    """Answer the question about an order that looks so; return the reply and what the engine was asked."""
    heard: list[AnyCommand] = []

    def put(command: AnyCommand) -> Reply:
        heard.append(command)
        return Reply(command.id, True, "OK", "Buying.", view if isinstance(command, Preview) else None)

    return previewed(ORDER, put, lambda: answer), heard


def test_a_yes_gives_exactly_what_was_shown(capsys: pytest.CaptureFixture[str]) -> None:
    reply, heard = asked(VIEW, "y")
    assert reply.ok
    assert isinstance(heard[1], Confirm)
    assert (heard[1].order, heard[1].shown, heard[1].fingerprint) == (ORDER, Shown("0.0932", "2682.51", 7), "feed")
    said = capsys.readouterr().out
    assert "worst loss 10.49 USDT" in said
    assert "the gate says: yes" in said


@pytest.mark.parametrize("answer", ["", "n", "no", "maybe"])
def test_anything_else_orders_nothing(answer: str) -> None:
    reply, heard = asked(VIEW, answer)
    assert (reply.ok, reply.code, [type(command) for command in heard]) == (False, "NOT_CONFIRMED", [Preview])


def test_what_the_gate_would_refuse_is_not_even_asked() -> None:
    refused = msgspec.structs.replace(VIEW, code="HALTED", advice="An admin can type /resume.")
    reply, heard = asked(refused, "y")
    assert (reply.code, len(heard)) == ("HALTED", 1)


def test_the_options_may_stand_anywhere() -> None:
    words = ["buy", "eth", "--dry-run", "-5"]
    args = build_parser().parse_args(words_last(words))
    assert (args.dry_run, args.yes, args.words) == (True, False, ["eth", "-5"])
