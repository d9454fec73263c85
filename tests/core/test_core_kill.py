"""The kill switch's story: halted at once, cancelled until the venue confirms, sold in slices, latched until reset."""

from __future__ import annotations

from core_builders import ALICE, BTC, ETH, Desk, approved, codes, failed, sent, told, written
from core_builders import report as report_of
from hypothesis import given
from hypothesis import strategies as st

from engine.core.account import AccountSnapshot, Balance
from engine.core.actions import Action, Cancel
from engine.core.queries import warning
from engine.core.records import ArmedSet
from engine.core.safeguard_records import Killed, KillReset
from engine.core.types import ApprovedOrder, ClientOrderId, OrderRequest, OrderState, OrderType, Side, Symbol, TradeId
from engine.wire.commands import Kill, ResetKill, Resume
from engine.wire.events import KillReported, TradingHalted
from engine.wire.replies import Reply
from engine.wire.safeguard_views import KillSymbolView, KillView


def kill(desk: Desk, symbol: str = "", *, flatten: bool = False, reason: str = "") -> tuple[Reply, list[Action]]:
    """Throw the switch."""
    return desk.ask(Kill(id=desk.new_id(), who=ALICE, flatten=flatten, symbol=symbol, reason=reason))


def reset(desk: Desk, reason: str) -> Reply:
    """Let it go."""
    return desk.ask(ResetKill(id=desk.new_id(), who=ALICE, reason=reason))[0]


def resting(desk: Desk, side: Side = Side.BUY, symbol: Symbol = ETH, lots: int = 100) -> ApprovedOrder:
    """Send a limit order that rests at the venue: a buy below the market, or a sale above it."""
    trading, name = desk.engine.trading, desk.new_id()
    limit = 199_000 if side is Side.BUY else 203_000
    request = OrderRequest(
        ClientOrderId(f"tr-{name}"), symbol, side, OrderType.LIMIT, lots, limit, side is Side.SELL,
        limit * 9 // 10 if side is Side.BUY else 0, 0, f"command:{name}", "cli:ann", TradeId("t-1"), desk.now_ns,
    )  # fmt: skip
    trading.last_hop.cause_in(request.cause_id)
    result = trading.submit(request)
    assert isinstance(result, ApprovedOrder), result
    desk.keep(trading.take())
    desk.execute(result, OrderState.WORKING)
    return result


def cancelled(actions: list[Action]) -> list[str]:
    """Return the orders whose cancel was asked for."""
    return [action.client_order_id for action in actions if isinstance(action, Cancel)]


def names(*orders: ApprovedOrder) -> list[str]:
    """Return the names of orders."""
    return [order.client_order_id for order in orders]


def report(actions: list[Action]) -> KillView:
    """Return the one report that was told."""
    (event,) = told(actions, KillReported)
    return event.kill


def line(view: KillView, symbol: Symbol = ETH) -> KillSymbolView:
    """Return what a report says of one symbol."""
    return next(line for line in view.symbols if line.symbol == symbol)


def account(desk: Desk, *still_open: ApprovedOrder) -> list[Action]:
    """Let a while pass and send the account, with these orders still open."""
    desk.wait(3.0)
    rows = tuple(Balance(asset, value, 0) for asset, value in desk.balances.items())
    listed = tuple(
        report_of(o.client_order_id, OrderState.WORKING, side=o.side, symbol=o.symbol, ts_recv_ns=desk.now_ns)
        for o in still_open
    )
    return desk.keep(desk.engine.on_account(AccountSnapshot(rows, listed, desk.now_ns)))


def test_whoever_is_about_to_click_after_a_kill_is_told_that_it_must_be_reset_first() -> None:
    desk = Desk().ready()
    assert warning(desk.engine.trading) == ""
    kill(desk, reason="fat finger")
    words = (
        "Trading is halted (killed by slack:U01ALICE: fat finger): an admin types /kill reset REASON and then /resume"
    )
    assert warning(desk.engine.trading).startswith(words)


def test_a_kill_halts_latches_and_cancels_the_entries_in_one_go() -> None:
    """And it leaves what is held, and the sale that protects it."""
    desk = Desk(symbols=(ETH, BTC)).ready().holding()
    entries = [resting(desk), resting(desk, symbol=BTC)]
    protection = resting(desk, Side.SELL)
    reply, actions = kill(desk, reason="fat finger")
    assert reply.ok
    assert reply.text.startswith("Trading is killed: halted until an admin resets it. Cancelling 2 open orders")
    assert cancelled(actions) == names(*entries)
    assert not sent(actions)
    assert [type(record) for record in written(actions)][1:3] == [Killed, ArmedSet]
    assert told(actions, TradingHalted)[0].reason == "killed by slack:U01ALICE: fat finger"
    assert isinstance(reply.result, KillView)
    assert line(reply.result).resting_sales == 1
    for entry in entries:
        desk.execute(entry, OrderState.CANCELED)
    done = report(account(desk, protection))
    assert done.is_done
    assert not done.flatten
    assert (line(done).cancelled, line(done).still_open, line(done).resting_sales) == (1, 0, 1)
    assert (line(done, BTC).cancelled, line(done, BTC).held_qty) == (1, "0.0000")


def test_no_entry_passes_while_killed_and_exits_do() -> None:
    """Not after an attempt to resume either."""
    desk = Desk().ready().holding()
    kill(desk)
    refused = desk.buy()[0]
    assert (refused.code, "/kill reset REASON, then /resume." in refused.text) == ("HALTED", True)
    assert desk.resume().code == "C11_KILLED"
    assert desk.buy()[0].code == "HALTED"
    (exit_order,) = sent(desk.price(1950.0))
    assert (exit_order.side, exit_order.origin) == (Side.SELL, "exit:stop_loss")


def test_only_a_reset_with_a_reason_lets_go_and_only_a_resume_arms() -> None:
    desk = Desk().ready()
    assert reset(desk, "nothing").code == "NOT_FOUND"
    kill(desk)
    assert reset(desk, "  ").code == "BAD_REQUEST"
    assert desk.resume().code == "C11_KILLED"
    assert reset(desk, "it was a drill").ok
    assert not desk.engine.trading.is_armed
    assert desk.engine.trading.halt_reason == "the kill was reset: it was a drill"
    assert [r.reason for r in desk.journal if isinstance(r, KillReset)] == ["it was a drill"]
    assert desk.resume().ok
    assert desk.buy()[0].ok


def test_the_latch_and_its_work_outlive_a_restart() -> None:
    """What was open at the kill is cancelled again by the next run, and /resume is refused with the same reason."""
    desk = Desk().ready()
    entry = resting(desk)
    kill(desk, reason="smoke")
    again = desk.restarted()
    again.price(2000.0)
    again.engine.trading.is_warm = True
    refused = again.ask(Resume(id=again.new_id(), who=ALICE))[0]
    assert (refused.code, "killed by slack:U01ALICE: smoke" in refused.text) == ("C11_KILLED", True)
    assert again.engine.trading.halt_reason == "killed by slack:U01ALICE: smoke"
    assert cancelled(again.wait(0.1)) == names(entry)
    again.execute(entry, OrderState.CANCELED)
    done = report(account(again))
    assert (done.is_done, line(done).cancelled) == (True, 1)
    assert reset(again, "found it").ok
    assert not again.restarted().engine.trading.latch.is_on


def test_a_cancel_is_asked_for_each_second_until_the_venue_confirms() -> None:
    """Unknown or not: what the venue still lists is cancelled again, and people are told that it takes long."""
    desk = Desk().ready()
    entry = resting(desk)
    kill(desk)
    desk.keep(desk.engine.on_send_failed(failed(entry.client_order_id, ambiguous=True)))
    asked, reports, alarms = 0, [], []
    for _ in range(60):
        actions = desk.wait(0.1)
        asked += len(cancelled(actions))
        reports += told(actions, KillReported)
        alarms += codes(actions)
    assert alarms == ["C11_INCOMPLETE"]
    assert 5 <= asked <= 6
    assert [event.kill.is_done for event in reports] == [False]
    assert line(reports[0].kill).still_open == 1
    assert "not confirmed" in line(reports[0].kill).why
    assert not told(account(desk, entry), KillReported)
    desk.execute(entry, OrderState.CANCELED)
    assert report(account(desk)).is_done


def test_an_order_that_turns_up_later_goes_too() -> None:
    """A request that was late: the switch stands guard until it is reset."""
    desk = Desk().ready()
    _, actions = desk.buy()
    (late,) = sent(actions)
    kill(desk)
    desk.keep(desk.engine.on_send_failed(failed(late.client_order_id, ambiguous=True)))
    assert not told(account(desk), KillReported)
    desk.fill(late)
    assert line(report(account(desk))).filled == 1


def test_one_symbol_only() -> None:
    """Its orders go; the halt is for everything; a wider kill takes the rest as well."""
    desk = Desk(symbols=(ETH, BTC)).ready()
    eth, btc = resting(desk), resting(desk, symbol=BTC)
    _, actions = kill(desk, "eth")
    assert cancelled(actions) == names(eth)
    assert desk.buy("200", "BTCUSDT")[0].code == "HALTED"
    assert kill(desk, "dogecoin")[0].code == "BAD_SYMBOL"
    _, actions = kill(desk)
    assert btc.client_order_id in cancelled(actions)
    assert len([r for r in desk.journal if isinstance(r, Killed)]) == 2
    kill(desk, "btc")
    assert len([r for r in desk.journal if isinstance(r, Killed)]) == 2


def test_flattening_sells_in_slices_until_nothing_is_left() -> None:
    """A slice is no more than one order may be; the next leaves when the last has ended; the report has the sums."""
    desk = Desk().ready().holding("900").holding("900").holding("900")
    held = desk.engine.trading.portfolio.position_lots(ETH)
    reply, actions = kill(desk, flatten=True)
    assert "selling what is held" in reply.text
    sizes = []
    for _ in range(10):
        if not (slices := sent(actions)):
            break
        (piece,) = slices
        assert (piece.side, piece.origin, piece.reduce_only) == (Side.SELL, "exit:kill", True)
        assert piece.price_ticks >= 195_990
        sizes.append(piece.qty_lots)
        assert not sent(desk.wait(0.1))
        desk.fill(piece)
        actions = desk.wait(0.1)
    assert len(sizes) == 3
    assert sum(sizes) == held
    assert max(sizes) <= 5_005
    done = line(report(account(desk)))
    assert (done.held_qty, done.sold_qty, done.why) == ("0.0000", f"{held / 10_000:.4f}", "")
    (trip,) = [trip for trip in desk.engine.trading.portfolio.trips() if not trip.is_open]
    assert trip.exit_reason == "kill"


def test_a_slice_that_finds_no_buyer_is_tried_again_a_second_later() -> None:
    desk = Desk().ready().holding()
    _, actions = kill(desk, flatten=True)
    (first,) = sent(actions)
    desk.execute(first, OrderState.EXPIRED)
    assert not sent(desk.wait(0.2))
    (second,) = sent(desk.wait(0.9))
    assert second.client_order_id != first.client_order_id


def test_flattening_cancels_what_rests_for_sale() -> None:
    desk = Desk().ready().holding()
    sale = resting(desk, Side.SELL, lots=50)
    _, actions = kill(desk, flatten=True)
    assert cancelled(actions) == names(sale)
    assert not report_is_done(desk, sale)
    desk.execute(sale, OrderState.CANCELED)
    for _ in range(3):
        for piece in sent(desk.wait(0.1)) + sent(actions):
            if desk.order(piece).is_open:
                desk.fill(piece)
        actions = []
    assert report(account(desk)).is_done


def report_is_done(desk: Desk, *still_open: ApprovedOrder) -> bool:
    """Say whether an account with these orders open ends the kill."""
    return any(event.kill.is_done for event in told(account(desk, *still_open), KillReported))


def test_what_is_too_little_to_sell_is_named_and_ends_the_kill() -> None:
    """It must not be tried for ever."""
    desk = Desk().ready().holding()
    _, actions = kill(desk, flatten=True)
    (piece,) = sent(actions)
    desk.fill(piece, lots=piece.qty_lots - 5)
    desk.execute(piece, OrderState.EXPIRED, piece.qty_lots - 5)
    refusals = desk.engine.trading.refusals
    for _ in range(30):
        assert not sent(desk.wait(0.1))
    assert desk.engine.trading.refusals == refusals
    done = report(account(desk))
    assert done.is_done
    assert (line(done).held_qty, line(done).why) == ("0.0005", "the venue takes no order that small")


def test_an_orphan_that_the_venue_lists_keeps_the_kill_open() -> None:
    """An order with our prefix that the journal does not know; somebody else's order does not."""
    desk = Desk().ready()
    kill(desk)
    assert not report_is_done(desk, approved("tr-orphan"))
    assert report_is_done(desk, approved("mine"))


def test_the_same_command_twice_is_one_kill() -> None:
    desk = Desk().ready()
    command = Kill(id="k-1", who=ALICE)
    first, second = desk.ask(command), desk.ask(command)
    assert first[0] == second[0]
    assert second[1] == []
    assert len([r for r in desk.journal if isinstance(r, Killed)]) == 1


@given(st.lists(st.sampled_from(["kill", "flatten", "reset", "resume", "buy", "wait", "restart"]), max_size=20))
def test_whatever_happens_no_entry_leaves_while_latched(acts: list[str]) -> None:
    """No order of things gets an entry out between a kill and its reset."""
    desk = Desk().ready()
    for act in acts:
        was_on = desk.engine.trading.latch.is_on
        if act in ("kill", "flatten"):
            kill(desk, flatten=act == "flatten")
        elif act == "reset":
            reset(desk, "try")
        elif act == "resume":
            desk.resume()
        elif act == "buy":
            desk.price(2000.0)
            _, actions = desk.buy()
            assert not (was_on and sent(actions))
        elif act == "restart":
            desk = desk.restarted()
            desk.engine.trading.is_warm = True
        else:
            desk.wait(1.0)
        assert not (desk.engine.trading.latch.is_on and desk.engine.trading.is_armed)
