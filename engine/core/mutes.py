"""What the channel does not want to hear for a while: said at any door, kept in the journal, over by itself.

The engine hides nothing: whoever shows what it tells goes by this. There is one channel, so a mute is all people's, and
each is told to all.
"""

from __future__ import annotations

from typing import Final

from engine.core.amounts import Unclear
from engine.core.plan import span_words
from engine.core.records import Muted, MuteEnded
from engine.core.symbols import find_symbol
from engine.core.trading import Trading
from engine.wire.events import MutesChanged
from engine.wire.mutes import MUTE_KINDS, EndMute, MutesView, MuteView, SetMute, on_symbol
from engine.wire.person import Command
from engine.wire.replies import Reply

LONGEST_S: Final = 7 * 86_400.0
_ALL_THE_SAME: Final = "What is critical, and what strategies do by themselves, is told all the same."


class Mutes:
    """The mutes by the one name of what they hide; one whose time is over is none."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._muted: dict[str, Muted] = {}

    def on_set(self, command: SetMute) -> Reply:
        """Keep something out of the channel from now on; said again, the new time counts. Raises Unclear."""
        if not 0.0 < command.seconds <= LONGEST_S:
            raise Unclear(
                "BAD_REQUEST", "A mute lasts seven days at most: what is unwanted for longer is better off, see auto."
            )
        what, now_ns = self._named(command.what), self._trading.now_ns
        record = Muted(what, now_ns + int(command.seconds * 1e9), _by(command), now_ns)
        self.restore(record)
        self._trading.write(record)
        self._tell(_by(command), record, ())
        text = f"{what} is muted in the channel for {span_words(command.seconds)}. {_ALL_THE_SAME}"
        return Reply(command.id, True, "OK", text, self.view())

    def on_end(self, command: EndMute) -> Reply:
        """Let one mute end, or all of them; raises Unclear where nothing like it is muted."""
        what, by = command.what.strip(), _by(command)
        muted = [view.what for view in self.view().mutes]
        ended = tuple(name for name in muted if not what or name.lower() == what.lower())
        if what and not ended:
            ended = tuple(name for name in muted if name == self._named(what))
        if not ended:
            raise Unclear("NOT_FOUND", "Nothing like that is muted: see mute list.")
        for name in ended:
            record = MuteEnded(name, by, self._trading.now_ns)
            self.restore(record)
            self._trading.write(record)
        self._tell(by, None, ended)
        return Reply(command.id, True, "OK", f"Not muted any more: {', '.join(ended)}.", self.view())

    def view(self) -> MutesView:
        """Show what is muted now, oldest first."""
        now_ns = self._trading.now_ns
        return MutesView(tuple(_view(muted) for muted in self._muted.values() if muted.until_ns > now_ns))

    def restore(self, record: Muted | MuteEnded) -> None:
        """Take a record, now or of an earlier run."""
        self._muted.pop(record.what, None)
        if isinstance(record, Muted):
            self._muted[record.what] = record

    def _tell(self, by: str, muted: Muted | None, ended: tuple[str, ...]) -> None:
        now_ns, mutes = self._trading.now_ns, self.view().mutes
        new = _view(muted) if muted is not None else None
        self._trading.publish(lambda: MutesChanged(ts_ns=now_ns, by=by, muted=new, ended=ended, mutes=mutes))

    def _named(self, text: str) -> str:
        """Return the one name of what is meant; raises Unclear."""
        first, on, symbol = text.strip().partition(" on ")
        strategies, name = self._trading.modes.own, first.lower()
        if on and name in strategies:
            return on_symbol(name, find_symbol(symbol, self._trading.markets, self._trading.config.quote_asset))
        if on:
            raise Unclear("NOT_FOUND", f"There is no strategy {first!r}; there are {', '.join(strategies)}.")
        if name in (*MUTE_KINDS, *strategies):
            return name
        return self._symbol(first)

    def _symbol(self, text: str) -> str:
        """Find a symbol; what is none and could mean none is told all that can be muted."""
        trading = self._trading
        try:
            return find_symbol(text, trading.markets, trading.config.quote_asset)
        except Unclear as unclear:
            if unclear.choices is not None:
                raise
        known = ", ".join((*MUTE_KINDS, *trading.modes.own, *trading.markets))
        raise Unclear("NOT_FOUND", f"{text!r} is nothing that can be muted: there is {known}.")


def _view(muted: Muted) -> MuteView:
    return MuteView(muted.what, muted.until_ns, muted.by, muted.ts_ns)


def _by(command: Command) -> str:
    return f"{command.who.door}:{command.who.user_id}"
