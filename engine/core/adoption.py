"""What people do about an account that does not add up: compare it now, adopt or ignore an order, accept a balance."""

from __future__ import annotations

from hashlib import blake2b

from engine.core.actions import AskAccount
from engine.core.amounts import Unclear
from engine.core.instrument import scaled_text
from engine.core.orders import Order
from engine.core.records import Adopted, Balanced, Ignored, Reported, Unbalanced
from engine.core.strangers import ADOPTED, BALANCE, FOREIGN_ORDER
from engine.core.trading import Trading
from engine.core.types import ClientOrderId, ExecutionReport, Side, Symbol, TradeId
from engine.core.views import order_view
from engine.wire import commands, events
from engine.wire.reconciliation import ComparedView, ForeignOrderView, ReconciliationView
from engine.wire.replies import Reply


class Adoption:
    """The commands about what is not ours; ``Reconciliation`` finds it."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading

    def on_reconcile(self, command: commands.Reconcile) -> Reply:
        """Ask for the account now; what the comparison finds is told as ``Reconciled``."""
        self._trading.strangers.wanted_ns = self._trading.now_ns
        self._trading.do(AskAccount(is_urgent=True))
        return Reply(command.id, True, "OK", "Asking the exchange for the account.", self.view())

    def on_decide(self, command: commands.DecideForeign) -> Reply:
        """Adopt a foreign order, or ignore it from now on."""
        name, by = ClientOrderId(command.client_order_id), f"{command.who.door}:{command.who.user_id}"
        report = self._trading.strangers.waiting.get(name)
        if report is None:
            raise Unclear("NOT_FOUND", "No open order of somebody else's has this id: see reconcile for those that do.")
        if command.choice == "adopt":
            return self._adopt(command, report, by)
        self._trading.strangers.ignore(name, report.symbol)
        self._trading.write(Ignored(report.symbol, name, by, self._trading.now_ns))
        self.settle(report, "ignored", by)
        return Reply(command.id, True, "OK", f"Order {name} is ignored: nobody is asked about it again.")

    def on_accept(self, command: commands.AcceptBalance, symbol: Symbol) -> Reply:
        """Take what the venue holds of a symbol's asset as right: what is not ours of it is counted from here on."""
        trading, by = self._trading, f"{command.who.door}:{command.who.user_id}"
        if symbol not in trading.strangers.unbalanced:
            raise Unclear("NOT_FOUND", f"The balance of {symbol} adds up: there is nothing to accept.")
        trip = trading.portfolio.open.get(symbol)
        aside_e8 = trading.held_e8(symbol) - (trip.base_e8 if trip else 0)
        self.balance(symbol, aside_e8, by)
        asset = trading.markets[symbol].instrument.base_asset
        text = f"Accepted: {scaled_text(aside_e8, 8)} {asset} of the account are not ours. {symbol} may trade again."
        return Reply(command.id, True, "OK", text)

    def balance(self, symbol: Symbol, aside_e8: int, by: str) -> None:
        """Count from here on that so much is held besides our positions, and let the symbol trade."""
        balanced = Balanced(symbol, aside_e8, by, self._trading.now_ns)
        self._trading.write(balanced)
        restore_balance(self._trading, balanced)

    def settle(self, report: ExecutionReport, state: str, by: str) -> None:
        """Tell what became of a foreign order; its symbol may trade when no other one waits for a word."""
        trading, now_ns = self._trading, self._trading.now_ns
        trading.strangers.waiting.pop(report.client_order_id, None)
        if not trading.strangers.of(report.symbol):
            trading.bars.let_go(report.symbol, FOREIGN_ORDER)
        view = self.order_view(report, state, by)
        trading.publish(lambda: events.ForeignOrderChanged(ts_ns=now_ns, order=view))

    def _adopt(self, command: commands.DecideForeign, report: ExecutionReport, by: str) -> Reply:
        trading, symbol = self._trading, report.symbol
        if symbol not in trading.markets:
            raise Unclear("BAD_REQUEST", f"{symbol} is priced in no money, so it can't be a position: ignore it.")
        if not report.price_ticks:
            raise Unclear("BAD_REQUEST", "An order without a limit can't be adopted: ignore it, or cancel it there.")
        if report.side is Side.SELL and report.qty_lots > trading.unoffered_lots(symbol):
            raise Unclear("REDUCE_ONLY", f"It sells more than we hold of {symbol} and don't sell yet: ignore it.")
        trip, digest = trading.portfolio.open.get(symbol), blake2b(report.client_order_id.encode(), digest_size=4)
        trade_id = trip.trade_id if trip else TradeId(f"t-{digest.hexdigest()}")
        cause = ADOPTED + report.client_order_id
        adopted = Adopted(trading.gate.adopt(report, cause, by, trade_id, trading.now_ns), by, trading.now_ns)
        trading.write(adopted)
        order = adopt(trading, adopted)
        if trading.on_report(report) is not None:
            trading.write(Reported(report))
        self.settle(report, "adopted", by)
        it, now_ns = trading.instrument(order), trading.now_ns
        trading.publish(lambda: events.OrderChanged(ts_ns=now_ns, order=order_view(order, it)))
        return Reply(command.id, True, "OK", f"Order {report.client_order_id} of {symbol} is ours from now on.")

    # ------------------------------------------------------------------ showing

    def view(self) -> ReconciliationView:
        """Show what was compared last."""
        trading, strangers = self._trading, self._trading.strangers
        shown = (self._compared(symbol) for symbol in trading.markets)
        return ReconciliationView(
            ts_compared_ns=strangers.ts_compared_ns,
            is_reconciled=trading.is_reconciled,
            is_moving=strangers.is_moving,
            findings=strangers.findings,
            symbols=tuple(line for line in shown if line is not None),
            foreign=tuple(self.order_view(report, "waiting", "") for report in strangers.waiting.values()),
        )

    def order_view(self, report: ExecutionReport, state: str, by: str) -> ForeignOrderView:
        """Show a foreign order."""
        it = self._trading.heard[report.symbol].instrument
        return ForeignOrderView(
            symbol=report.symbol,
            client_order_id=report.client_order_id,
            side="buy" if report.side is Side.BUY else "sell",
            qty=it.qty_text(report.qty_lots),
            filled_qty=it.qty_text(report.cum_qty_lots),
            price=it.price_text(report.price_ticks) if report.price_ticks else "",
            base_asset=it.base_asset,
            quote_asset=it.quote_asset,
            state=state,  # type: ignore[arg-type]
            decided_by=by,
        )

    def _compared(self, symbol: Symbol) -> ComparedView | None:
        trading, it = self._trading, self._trading.markets[symbol].instrument
        trip, held_e8 = trading.portfolio.open.get(symbol), trading.held_e8(symbol)
        working = sum(order.approved.symbol == symbol for order in trading.orders.working())
        foreign, trouble = len(trading.strangers.of(symbol)), trading.bars.held_back.get(symbol, {})
        if not (held_e8 or trip or working or foreign or trouble):
            return None
        return ComparedView(
            symbol=symbol,
            base_asset=it.base_asset,
            held=scaled_text(held_e8, 8),
            position=scaled_text(trip.base_e8 if trip else 0, 8),
            aside=scaled_text(trading.portfolio.aside_e8.get(it.base_asset, 0), 8),
            open_orders=working,
            foreign=foreign,
            trouble="; ".join(f"{code}: {detail}" for code, detail in trouble.items()),
        )


def adopt(trading: Trading, adopted: Adopted) -> Order:
    """Open an order that somebody made ours; live and a restart fold it through here."""
    trading.remember_cause(adopted.order.cause_id)
    return trading.orders.open(adopted.order)


def restore_balance(trading: Trading, record: Unbalanced | Balanced) -> None:
    """Take that a symbol's balance does or does not add up; live and a restart fold it through here."""
    symbol, it = record.symbol, trading.markets[record.symbol].instrument
    if isinstance(record, Balanced):
        trading.portfolio.aside_e8[it.base_asset] = record.aside_e8
        trading.strangers.unbalanced.pop(symbol, None)
        trading.bars.let_go(symbol, BALANCE)
        return
    trading.strangers.unbalanced[symbol] = record
    held, counted = scaled_text(record.held_e8, 8), scaled_text(record.counted_e8, 8)
    detail = f"the venue holds {held} {it.base_asset}, {counted} were counted; see trader reconcile"
    trading.bars.hold_back(symbol, BALANCE, detail)
