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
from collections.abc import Iterable, Sequence
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
_WORD: Final = re.compile(f"[^{_PUNCTUATION}]+")
_SPACED: Final = {code: " " for code in range(128) if not _WORD.match(chr(code))}
"""What ``_WORD`` finds between the words of a text in ASCII, as a table."""
_TICKER: Final = re.compile(r"[A-Z0-9]{1,15}")
_AMOUNT: Final = re.compile(r"[0-9]+[KkMmBb]?")
_MOST_SHOUTED: Final = 0.7
"""Share of words in capitals from which capitals mean nothing."""


def words_of(text: str) -> list[str]:
    """Return a text's words as they are written, without what stands between them."""
    return text.translate(_SPACED).split() if text.isascii() else _WORD.findall(text)


class _Title:
    """A title's words, and what stands between them."""

    def __init__(self, text: str, words: Sequence[str]) -> None:
        self.words = words
        self._text = text
        self._ends = [0]
        """Where the words end of which that is known, from the first one on; the first number stands before it."""

    @property
    def is_shouted(self) -> bool:
        """Say whether it is nearly all in capitals."""
        return len(self.words) > 2 and sum(map(str.isupper, self.words)) > _MOST_SHOUTED * len(self.words)

    def gap(self, index: int) -> str:
        """Return what stands before a word; with the number of words, what stands behind the last one."""
        if index == len(self.words):
            return self._text[self._end(index) :]
        end, word = self._end(index), self.words[index]
        return self._text[end : self._text.index(word, end)]

    def is_bracketed(self, index: int) -> bool:
        """Say whether a word stands in brackets alone."""
        return self.gap(index).endswith(("(", "[")) and self.gap(index + 1).startswith((")", "]"))

    def is_about(self, first: int, last: int) -> bool:
        """Say whether words are a subject: neither an adjective ("Solana-based") nor an amount ("322 ETH")."""
        if self.gap(last + 1) == "-" and "".join(self.words[last + 1 : last + 2]).lower() in QUALIFIERS:
            return False
        return first == 0 or self.gap(first) != " " or not _AMOUNT.fullmatch(self.words[first - 1])

    def _end(self, count: int) -> int:
        """Return where the first so many words end: each is found behind the one before, as no gap has a letter."""
        ends, text = self._ends, self._text
        for word in self.words[len(ends) - 1 : count]:
            ends.append(text.index(word, ends[-1]) + len(word))
        return ends[count]


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
        words, starts = words_of(text), self._starts
        if "$" in text:
            named = [index for index, word in enumerate(words) if word in starts or word.startswith("$")]
        else:
            named = [index for index, word in enumerate(words) if word in starts]
        if not named:
            return ()
        read = _Title(text, words)
        found = self._marked(read, named) or self._bare(read, named)
        return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)

    def _marked(self, title: _Title, named: Iterable[int]) -> list[Symbol]:
        """Return the symbols at those of the named places where nothing else can be meant."""
        found = []
        for index in named:
            word = title.words[index]
            symbol = self._by_symbol.get(word)
            if symbol is None and word.startswith("$"):
                symbol = self._ticker(word[1:])
            elif symbol is None and self._is_marked(title, index):
                symbol = self._ticker(word)
            if symbol is not None:
                found.append(symbol)
        return found

    def _bare(self, title: _Title, named: Iterable[int]) -> list[Symbol]:
        """Return the symbols at those of the named places that are the subject of something."""
        is_shouted, free_at, found = title.is_shouted, 0, []
        for index in named:
            if index < free_at:
                continue  # inside of a longer name
            length, symbol = self._name_at(title, index)
            if symbol is None and not is_shouted and _is_plain_ticker(title.words[index]):
                symbol = self._ticker(title.words[index])
            if symbol is not None and title.is_about(index, index + length - 1):
                found.append(symbol)
            free_at = index + length
        return found

    def _name_at(self, title: _Title, index: int) -> tuple[int, Symbol | None]:
        """Return how many words the longest project's name here has (1 when there is none), and its symbol."""
        for words, symbol in self._by_name.get(title.words[index], ()):
            end = index + len(words)
            if title.words[index:end] == words and all(title.gap(at) in (" ", "-") for at in range(index + 1, end)):
                return len(words), symbol
        return 1, None

    def _ticker(self, word: str) -> Symbol | None:
        return self._by_ticker.get(word) if word not in MONEY and _TICKER.fullmatch(word) else None

    def _is_marked(self, title: _Title, index: int) -> bool:
        if title.is_bracketed(index) and title.words[index] not in ACRONYMS:
            return True
        return self._is_pair(title, index)

    def _is_pair(self, title: _Title, index: int) -> bool:
        if index + 1 == len(title.words) or title.gap(index + 1) != "/":
            return False
        return title.words[index + 1] in MONEY or title.words[index + 1] in self._by_ticker


def _is_plain_ticker(word: str) -> bool:
    return len(word) >= 3 and word not in ORDINARY and word not in ACRONYMS
