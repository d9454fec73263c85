"""Which of the venue's symbols a title names: exactly, or not at all.

A symbol found by mistake buys the wrong coin, one not found is a headline missed; so where a word could be read both
ways it is not a symbol. In order of certainty:

1. a ticker in brackets, with a dollar sign, in a pair, or a whole symbol: ``(ONE)``, ``$ONE``, ``ONE/USDT``,
   ``ONEUSDT``. Where a title has one of these, nothing else in it counts: "Ethereum rival Solana (SOL)" is about SOL.
2. a ticker as a word in capitals, of three letters or more, unless it is an English word (``ORDINARY``) or
   acronym, or the whole title is in capitals;
3. a project's name as it is written (``NAMES``).

Neither of the last two where it only qualifies something ("Solana-based") or is an amount ("322 ETH").

Words are compared as they were sent, in ASCII: a Cyrillic or full-width look-alike, or a zero-width character in the
middle of a ticker, makes it another word, which is the point.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from typing import Final

from engine.core.instrument import Instrument
from engine.core.types import Symbol
from engine.news.text import tidy, word_set

NAMES: Final = {
    "Aave": "AAVE",
    "Algorand": "ALGO",
    "Aptos": "APT",
    "Arbitrum": "ARB",
    "Axie Infinity": "AXS",
    "Binance Coin": "BNB",
    "Bitcoin": "BTC",
    "Bitcoin Cash": "BCH",
    "Bitcoin SV": "BSV",
    "Cardano": "ADA",
    "Celestia": "TIA",
    "Celo": "CELO",
    "Chainlink": "LINK",
    "Decentraland": "MANA",
    "Dogecoin": "DOGE",
    "Ether": "ETH",
    "Ethereum": "ETH",
    "Ethereum Classic": "ETC",
    "Filecoin": "FIL",
    "Harmony Protocol": "ONE",
    "Hedera": "HBAR",
    "IOTA": "IOTA",
    "Litecoin": "LTC",
    "Monero": "XMR",
    "NEAR Protocol": "NEAR",
    "Polkadot": "DOT",
    "Polygon": "POL",
    "Ripple": "XRP",
    "Shiba Inu": "SHIB",
    "Solana": "SOL",
    "Tezos": "XTZ",
    "The Sandbox": "SAND",
    "Toncoin": "TON",
    "Uniswap": "UNI",
    "VeChain": "VET",
    "Zcash": "ZEC",
}
"""Names that mean nothing else in a headline; a name that is also a word (Avalanche, Cosmos, Stellar, Flow) is found
by its ticker only."""

ALIASES: Final = {"MIOTA": "IOTA", "IOT": "IOTA", "XBT": "BTC", "BCC": "BCH", "MATIC": "POL", "XDG": "DOGE"}
"""Other tickers of the same asset, by venue and year; tried in both directions, the exact one first."""

ORDINARY: Final = word_set(
    """
    ACE ACT ALL ARE AUDIO BAND BEAR BIG BOND BULL BURN CAN CITY COMBO CORE COS DATA DENT DOCK DUSK EDU FAR FARM FLOW
    FLUX FOR FORTH FRONT FUN GAL GAS GLOBAL GOLD HARD HIGH HOOK HOT IDEA INIT JOE JUST KEY LEVER LIT LIVE LOOM MAGIC
    MASK MEME MOVE NEAR NEO NEW NOT NOW OFF ONE OUT PEOPLE PERP POND PORTAL POWER PROM PUMP QUICK RARE RAY RED REP REQ
    ROSE RUNE SAFE SAND SPELL STORM SUN SUPER THE TIME TOKEN TOP TREE TRUE WAN WAVES WIN WING YES
    """
)
"""Words that in capitals are a word more often than a ticker."""

ACRONYMS: Final = word_set(
    """
    AI API APY ATM CBDC CEO CFO CFTC DAO DEX ETF EU EVM FBI ICO ID IMF IOT IRS KYC NFT SEC UK US USA
    """
)
"""They stand in brackets behind what they abbreviate, so that not even "(AI)" is a ticker."""

MONEY: Final = word_set(
    """
    USD USDT USDC USDP FDUSD TUSD BUSD DAI UST EUR EURI GBP TRY BRL JPY AUD RUB UAH ARS
    """
)
"""Currencies and stable coins: named in many titles, the subject of none that we trade."""

QUALIFIERS: Final = word_set("based backed linked powered native friendly inspired themed like style")
"""What turns a name into an adjective: "Solana-based" is about something else."""

_PUNCTUATION: Final = r"\s!-#%-/:-@\[-`{-~\u00a1\u00ab\u00bb\u00bf\u2010-\u2027\u2030-\u205e"
"""White space and what stands between words. The dollar sign and every invisible character belong to words."""
_BETWEEN: Final = re.compile(f"[{_PUNCTUATION}]")
_SPACED: Final = bytes(ord(_BETWEEN.sub(" ", chr(code))) for code in range(128)).ljust(256)
"""What ``_BETWEEN`` finds in a text in ASCII, as a table."""
_TICKER: Final = re.compile(r"[A-Z0-9]{1,15}")
_OPENING: Final = frozenset("([")
_CLOSING: Final = frozenset(")]")
_AMOUNT: Final = re.compile(r"[0-9]+[KkMmBb]?")
_MOST_SHOUTED: Final = 0.7
"""Share of words in capitals from which capitals mean nothing."""
_Place = tuple[int, int]
"""A word's number, and where in the title it ends."""


class _Title:
    """A title, its words as they are written, and what stands around them."""

    def __init__(self, text: str) -> None:
        spaced = text.encode().translate(_SPACED).decode() if text.isascii() else _BETWEEN.sub(" ", text)
        self.words = spaced.split()
        self.text = text
        self._spaced = f" {spaced} "
        """A space for each character that belongs to no word, and one more at both ends."""

    @property
    def is_shouted(self) -> bool:
        """Say whether it is nearly all in capitals."""
        return len(self.words) > 2 and sum(map(str.isupper, self.words)) > _MOST_SHOUTED * len(self.words)

    def places(self, starts: Container[str]) -> list[_Place]:
        """Return the places of these words in order, and of those with a dollar sign in front."""
        places, end, spaced = [], 0, self._spaced
        is_priced = "$" in spaced
        for index, word in enumerate(self.words):
            if word in starts or (is_priced and word[0] == "$"):
                end = spaced.index(f" {word} ", end) + len(word)
                places.append((index, end))
        return places

    def joined(self, index: int, by: str, end: int) -> str:
        """Return a word where nothing but one character stands before it, behind another's end; empty otherwise."""
        word = self.words[index] if index < len(self.words) else ""
        return word if self.text.startswith(by + word, end) else ""

    def end_of(self, name: Sequence[str], place: _Place) -> int:
        """Return where a name ends that begins at a place, its words apart by a space or hyphen; 0 where it is none."""
        first, end = place
        if self.words[first : first + len(name)] != name:
            return 0
        for index in range(first + 1, first + len(name)):
            if not (self.joined(index, " ", end) or self.joined(index, "-", end)):
                return 0
            end += 1 + len(self.words[index])
        return end

    def is_about(self, place: _Place, last: int, end: int) -> bool:
        """Say whether words are a subject: neither an adjective ("Solana-based") nor an amount ("322 ETH")."""
        if self.joined(last + 1, "-", end).lower() in QUALIFIERS:
            return False
        first, first_end = place
        before = self.words[first - 1] if first else ""
        is_counted = self.text.endswith(f"{before} ", 0, first_end - len(self.words[first]))
        return not (is_counted and _AMOUNT.fullmatch(before))


class SymbolIndex:
    """Finds the symbols that trade against one quote asset."""

    def __init__(self, instruments: Iterable[Instrument], quote_asset: str) -> None:
        """Index a venue's instruments; those of other quote assets are not found."""
        self._by_ticker = {one.base_asset: one.symbol for one in instruments if one.quote_asset == quote_asset}
        for alias, ticker in [*ALIASES.items(), *((ticker, alias) for alias, ticker in ALIASES.items())]:
            if ticker in self._by_ticker:
                self._by_ticker.setdefault(alias, self._by_ticker[ticker])
        self._tickers = {
            ticker: symbol
            for ticker, symbol in self._by_ticker.items()
            if ticker not in MONEY and _TICKER.fullmatch(ticker)
        }
        """Those that may be a title's subject."""
        self._by_symbol = {str(symbol): symbol for symbol in self._by_ticker.values()}
        self._by_name: dict[str, list[tuple[list[str], Symbol]]] = {}
        """First word of a name to the whole names, the longest first."""
        for name in sorted(NAMES, key=len, reverse=True):
            if (symbol := self._by_ticker.get(NAMES[name])) is not None:
                for words in (name.split(), name.upper().split()):
                    self._by_name.setdefault(words[0], []).append((words, symbol))
        self._starts = frozenset((*self._by_ticker, *self._by_symbol, *self._by_name))
        """A title that has none of these words names nothing, which most titles do."""

    def find(self, title: str) -> tuple[Symbol, ...]:
        """Return the symbols that a title names, each once, in the order of the title."""
        read = _Title(tidy(title))
        places = read.places(self._starts)
        if not places:
            return ()
        found = self._marked(read, places) or self._bare(read, places)
        return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)

    def _marked(self, title: _Title, places: Iterable[_Place]) -> list[Symbol]:
        """Return the symbols at those places where nothing else can be meant."""
        found = []
        for index, end in places:
            word = title.words[index]
            symbol = self._by_symbol.get(word)
            if symbol is None and word.startswith("$"):
                symbol = self._tickers.get(word[1:])
            elif symbol is None and (ticker := self._tickers.get(word)) is not None:
                symbol = ticker if self._is_marked(title, index, end) else None
            if symbol is not None:
                found.append(symbol)
        return found

    def _bare(self, title: _Title, places: Iterable[_Place]) -> list[Symbol]:
        """Return the symbols at those places that are the subject of something."""
        is_shouted, free_at, found = title.is_shouted, 0, []
        for place in places:
            index, _ = place
            if index < free_at:
                continue  # inside of a longer name
            length, name_end, symbol = self._name_at(title, place)
            if symbol is None and not is_shouted and _is_plain_ticker(title.words[index]):
                symbol = self._tickers.get(title.words[index])
            if symbol is not None and title.is_about(place, index + length - 1, name_end):
                found.append(symbol)
            free_at = index + length
        return found

    def _name_at(self, title: _Title, place: _Place) -> tuple[int, int, Symbol | None]:
        """Return how many words the longest project's name here has and where it ends, and its symbol if there is one.

        Where there is none, one word.
        """
        index, end = place
        for words, symbol in self._by_name.get(title.words[index], ()):
            if name_end := title.end_of(words, place):
                return len(words), name_end, symbol
        return 1, end, None

    def _is_marked(self, title: _Title, index: int, end: int) -> bool:
        """Say whether a word stands in brackets alone, or in front of what it is paired with."""
        word, text = title.words[index], title.text
        before = end - len(word) - 1
        if text[end : end + 1] in _CLOSING and before >= 0 and text[before] in _OPENING and word not in ACRONYMS:
            return True
        paired = title.joined(index + 1, "/", end)
        return paired in MONEY or paired in self._by_ticker


def _is_plain_ticker(word: str) -> bool:
    return len(word) >= 3 and word not in ORDINARY and word not in ACRONYMS
