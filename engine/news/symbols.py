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
from collections.abc import Iterable, Iterator
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
_WORD_AND_GAP: Final = re.compile(f"([^{_PUNCTUATION}]+)([{_PUNCTUATION}]*)")
_TICKER: Final = re.compile(r"[A-Z0-9]{1,15}")
_AMOUNT: Final = re.compile(r"[0-9]+[KkMmBb]?")
_MOST_SHOUTED: Final = 0.7
"""Share of words in capitals from which capitals mean nothing."""


class _Title:
    """A title's words, and what stands between them."""

    def __init__(self, text: str) -> None:
        before, *pieces = _WORD_AND_GAP.split(text)  # a word, what follows it, and the nothing between the two matches
        self.words: list[str] = pieces[0::3]
        self.gaps: list[str] = [before, *pieces[1::3]]
        """One more than words: ``gaps[i]`` stands before word i, ``gaps[i + 1]`` behind it."""

    @property
    def is_shouted(self) -> bool:
        """Say whether it is nearly all in capitals."""
        return len(self.words) > 2 and sum(map(str.isupper, self.words)) > _MOST_SHOUTED * len(self.words)

    def is_bracketed(self, index: int) -> bool:
        """Say whether a word stands in brackets alone."""
        return self.gaps[index].endswith(("(", "[")) and self.gaps[index + 1].startswith((")", "]"))

    def is_about(self, first: int, last: int) -> bool:
        """Say whether words are a subject: neither an adjective ("Solana-based") nor an amount ("322 ETH")."""
        if self.gaps[last + 1] == "-" and "".join(self.words[last + 1 : last + 2]).lower() in QUALIFIERS:
            return False
        return first == 0 or self.gaps[first] != " " or not _AMOUNT.fullmatch(self.words[first - 1])


class SymbolIndex:
    """Finds the symbols that trade against one quote asset."""

    def __init__(self, instruments: Iterable[Instrument], quote_asset: str) -> None:
        """Index a venue's instruments; those of other quote assets are not found."""
        self._by_ticker = {one.base_asset: one.symbol for one in instruments if one.quote_asset == quote_asset}
        for alias, ticker in [*ALIASES.items(), *((ticker, alias) for alias, ticker in ALIASES.items())]:
            if ticker in self._by_ticker:
                self._by_ticker.setdefault(alias, self._by_ticker[ticker])
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
        text = tidy(title)
        read = _Title(text)
        if "$" not in text and self._starts.isdisjoint(read.words):
            return ()
        return tuple(dict.fromkeys(list(self._marked(read)) or self._bare(read)))

    def _marked(self, title: _Title) -> Iterator[Symbol]:
        for index, word in enumerate(title.words):
            if word not in self._starts and not word.startswith("$"):
                continue
            if word in self._by_symbol:
                yield self._by_symbol[word]
            elif word.startswith("$"):
                yield from self._ticker(word[1:])
            elif (title.is_bracketed(index) and word not in ACRONYMS) or self._is_pair(title, index):
                yield from self._ticker(word)

    def _bare(self, title: _Title) -> Iterator[Symbol]:
        is_shouted, index = title.is_shouted, 0
        while index < len(title.words):
            if title.words[index] not in self._starts:
                index += 1
                continue
            length, symbol = self._name_at(title, index)
            if symbol is None and not is_shouted and _is_plain_ticker(title.words[index]):
                symbol = next(self._ticker(title.words[index]), None)
            if symbol is not None and title.is_about(index, index + length - 1):
                yield symbol
            index += length

    def _name_at(self, title: _Title, index: int) -> tuple[int, Symbol | None]:
        """Return how many words the longest project's name here has (1 when there is none), and its symbol."""
        for words, symbol in self._by_name.get(title.words[index], ()):
            end = index + len(words)
            if title.words[index:end] == words and all(gap in (" ", "-") for gap in title.gaps[index + 1 : end]):
                return len(words), symbol
        return 1, None

    def _ticker(self, word: str) -> Iterator[Symbol]:
        if word not in MONEY and _TICKER.fullmatch(word) and word in self._by_ticker:
            yield self._by_ticker[word]

    def _is_pair(self, title: _Title, index: int) -> bool:
        if title.gaps[index + 1] != "/" or index + 1 == len(title.words):
            return False
        return title.words[index + 1] in MONEY or title.words[index + 1] in self._by_ticker


def _is_plain_ticker(word: str) -> bool:
    return len(word) >= 3 and word not in ORDINARY and word not in ACRONYMS
