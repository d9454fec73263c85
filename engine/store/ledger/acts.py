"""What people, strategies and the gate did, as rows: commands, decisions, refusals, modes, arming, equity, runs."""

from __future__ import annotations

from typing import Any

from engine.core.record_codec import AnyRecord
from engine.core.records import Answered, ArmedSet, Asked, Decided, Declined, ModeSet, Proposed, Refused, Started
from engine.core.safeguard_records import DayOpened, EquityMarked, LimitSet
from engine.core.story_records import HeadlineHeard, Reviewed, StoryTurned
from engine.core.tidings import NewsItem
from engine.store.ledger import tables
from engine.store.ledger.rows import Rows


class Acts:
    """Folds everything that is no order; ``modes`` and ``asking`` are also what the audit trail compares with."""

    def __init__(self) -> None:
        self.modes: dict[str, str] = {}
        """The last mode by strategy, the global one under an empty name."""
        self.asking: dict[str, tuple[int, Asked]] = {}
        """Commands without an answer yet by their id, with the key of their row."""

    def take(self, number: int, record: AnyRecord, instrument: int | None, rows: Rows) -> None:
        """Take the record with this number; ``instrument`` is the row of its symbol's units, where it has one."""
        match record:
            case Started(version, config_hash, ts_ns):
                self.asking.clear()
                rows.put(tables.runs, record=number, version=version, config_hash=config_hash, started_ns=ts_ns)
            case ModeSet(strategy, mode, by, ts_ns):
                previous, self.modes[strategy] = self.modes.get(strategy, ""), mode
                words = {"strategy": strategy, "previous": previous, "mode": mode, "by": by}
                rows.put(tables.modes, record=number, ts_ns=ts_ns, **words)
            case ArmedSet(is_armed, by, reason, ts_ns):
                rows.put(tables.armed, record=number, ts_ns=ts_ns, is_armed=is_armed, by=by, reason=reason)
            case EquityMarked(equity_e8, cash_e8, peak_e8, ts_ns):
                amounts = {"equity_e8": equity_e8, "cash_e8": cash_e8, "peak_e8": peak_e8}
                rows.put(tables.equity, record=number, ts_ns=ts_ns, **amounts)
            case DayOpened(day, equity_e8, ts_ns):
                rows.put(tables.days, record=number, ts_ns=ts_ns, day=day, equity_e8=equity_e8)
            case LimitSet(name, symbol, strategy, value, is_loose, by, reason, ts_ns):
                what = {"name": name, "symbol": symbol, "strategy": strategy, "value": value, "is_loose": is_loose}
                rows.put(tables.limits, record=number, ts_ns=ts_ns, by=by, reason=reason, **what)
            case Refused():
                _put_refusal(number, record, rows)
            case Proposed():
                _put_proposal(number, record, instrument, rows)
            case Decided():
                _decide(record, rows)
            case StoryTurned():
                _put_turn(number, record, rows)
            case HeadlineHeard():
                _put_headline(number, record, rows)
            case Reviewed(proposal_id, share, usual, model, moved_e4, words, ts_ns):
                said = {"share": share, "usual": usual, "model": model, "moved": moved_e4 / 1e4, "words": words}
                rows.put(tables.opinions, record=number, ts_ns=ts_ns, proposal_id=proposal_id, **said)
            case Asked():
                self._ask(number, record, rows)
            case Answered(command_id, ok, code, text, ts_ns):
                self._answer(number, command_id, ok, code, text, ts_ns, rows)
            case Declined(command_id, code, text, ts_ns):
                self._answer(number, command_id, False, code, text, ts_ns, rows)

    def _ask(self, number: int, asked: Asked, rows: Rows) -> None:
        self.asking[asked.command_id] = number, asked
        rows.put(
            tables.commands,
            record=number,
            command_id=asked.command_id,
            asked_ns=asked.ts_ns,
            user_id=asked.user_id,
            name=asked.name,
            door=asked.door,
            text=asked.text,
            ok=None,
            code="",
            answer="",
            answered_ns=None,
        )

    def _answer(self, number: int, command_id: str, ok: bool, code: str, text: str, ts_ns: int, rows: Rows) -> None:
        """Complete a command's row; the journals of the first version have only its answer."""
        key, _ = self.asking.pop(command_id, (number, None))
        if key == number:
            unknown = {"user_id": "", "name": "", "door": "", "text": "", "asked_ns": None}
            answer = {"ok": ok, "code": code, "answer": text, "answered_ns": ts_ns}
            rows.put(tables.commands, record=number, command_id=command_id, **unknown, **answer)
            return
        rows.change(tables.commands, key, ok=ok, code=code, answer=text, answered_ns=ts_ns)


def _put_refusal(number: int, record: Refused, rows: Rows) -> None:
    refusal = record.refusal
    rows.put(
        tables.refusals,
        record=number,
        ts_ns=record.ts_ns,
        symbol=record.symbol,
        code=refusal.code,
        detail=refusal.detail,
        advice=refusal.advice,
        origin=record.origin,
        cause_id=record.cause_id,
    )


def _put_proposal(number: int, record: Proposed, instrument: int | None, rows: Rows) -> None:
    signal = record.signal
    rows.put(
        tables.decisions,
        proposal_id=record.proposal_id,
        opened_ns=record.ts_ns,
        strategy=signal.strategy,
        kind=record.kind,
        symbol=signal.symbol,
        side=signal.side.name.lower(),
        confidence=signal.confidence,
        price_ticks=signal.price_ticks,
        stop_ticks=signal.stop_ticks,
        target_ticks=signal.target_ticks,
        qty_lots=record.lots,
        reasons="\n".join(signal.reasons),
        title=record.title,
        source=record.source,
        expires_ns=record.expires_ns,
        state="open",
        decided_by="",
        outcome="",
        client_order_id="",
        decided_ns=None,
        record=number,
        instrument=instrument,
    )


def _item(item: NewsItem) -> dict[str, Any]:
    return {
        "source": item.source,
        "news_id": item.news_id,
        "title": item.title,
        "url": item.url,
        "published_ns": item.ts_published_ns,
        "received_ns": item.ts_recv_ns,
    }


def _put_turn(number: int, record: StoryTurned, rows: Rows) -> None:
    item, story = record.item, record.story
    rows.put(
        tables.stories,
        record=number,
        ts_ns=record.ts_ns,
        story_id=story.story_id,
        symbol=story.symbol,
        turn=record.turn,
        state=story.state,
        label=story.label,
        **_item(item),
        score=record.score,
        trust=record.trust,
        rules="\n".join(record.rules),
        verdict=record.verdict,
    )


def _put_headline(number: int, record: HeadlineHeard, rows: Rows) -> None:
    headline, item = record.headline, record.headline.item
    rows.put(
        tables.headlines,
        record=number,
        ts_ns=record.ts_ns,
        **_item(item),
        label=headline.label,
        score=headline.score,
        trust=headline.trust,
        symbols="\n".join(headline.symbols),
        rules="\n".join(headline.rules),
        doubts="\n".join(headline.doubts),
        verdict=record.verdict,
    )


def _decide(record: Decided, rows: Rows) -> None:
    rows.change(
        tables.decisions,
        record.proposal_id,
        state=record.state,
        decided_by=record.decided_by,
        outcome=record.outcome,
        client_order_id=record.client_order_id,
        decided_ns=record.ts_ns,
    )
