"""Everything the engine is told from outside, read once from ``.env``, the environment and ``trader.toml``.

No other module of the engine reads the environment. What is wrong is refused with one sentence that names the
setting and says what to write.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, cast, get_args
from urllib.parse import unquote, urlsplit

import msgspec
from dotenv.parser import parse_stream

from engine.config_file import ConfigFileError, parse_trading_config
from engine.core.config import TradingConfig
from engine.environment import Named, SettingsError
from engine.home import SOCKET_OF_ENGINE, home_folder, ledger_url
from engine.hosts import DEFAULT_URLS, is_live
from engine.key_settings import account_keys, pem_body, watchdog_keys
from engine.news.config import SECRET_PREFIX, NewsConfig
from engine.news_settings import read_news
from engine.notify.addresses import secrets, split
from engine.second_settings import SecondVenue, read_second
from engine.secret import Secret
from engine.store.calibration_file import CALIBRATION_FILE
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.wire.pairs import SECOND_FOLDER

__all__ = [
    "NAMES",
    "Secret",
    "Settings",
    "SettingsError",
    "child_environment",
    "has_desktop",
    "read_home",
    "read_ledger_settings",
    "read_notify_settings",
    "read_settings",
]

VenueName = Literal["paper", "binance"]
Level = Literal["critical", "warning", "info"]

NAMES: Final = (
    "ENGINE_VENUE",
    "ENGINE_SYMBOLS",
    "ENGINE_CIRCLE",
    "ENGINE_ALLOW_LIVE",
    "ENGINE_HTTP_PORT",
    "ENGINE_RECORD",
    "ENGINE_SPIN",
    "ENGINE_REHEARSE_MS",
    "BINANCE_API_KEY",
    "BINANCE_API_SECRET",
    "BINANCE_PRIVATE_KEY",
    "BINANCE_REST_URL",
    "BINANCE_STREAM_URL",
    "BINANCE_WS_API_URL",
    "SECOND_REST_URL",
    "SECOND_STREAM_URL",
    "SECOND_WS_API_URL",
    "SECOND_API_KEY",
    "SECOND_API_SECRET",
    "SECOND_PRIVATE_KEY",
    "WATCHDOG_API_KEY",
    "WATCHDOG_API_SECRET",
    "WATCHDOG_PRIVATE_KEY",
    "WATCHDOG_AFTER_S",
    "NEWS_STREAM_URL",
    "NEWS_FILE",
    "TRADER_HOME",
    "JOURNAL_SYNC",
    "TRADER_CONFIG",
    "LEDGER_URL",
    "NOTIFY_URLS",
    "NOTIFY_LEVEL",
    "NOTIFY_AFTER_S",
    "SENTRY_DSN",
    "LOG_LEVEL",
)
"""Every environment setting of the engine; ``.env.example`` explains each."""

_REHEARSE_MOST_MS: Final = 1000.0
_WATCHDOG_MOST_S: Final = 3600.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine's process was told; made by ``read_settings``."""

    trading: TradingConfig = TradingConfig()
    venue: VenueName = "paper"
    is_live: bool = False
    """True when orders reach real money: Binance's own hosts, and not its testnet or demo (C1)."""
    symbols: tuple[str, ...] = ()
    """What to follow; empty for what the paper exchange lists."""
    rest_url: str = DEFAULT_URLS["paper"][0]
    """Without a path: ``http://127.0.0.1:8790``."""
    stream_url: str = DEFAULT_URLS["paper"][1]
    """Without a path: ``ws://127.0.0.1:8790``."""
    ws_api_url: str = DEFAULT_URLS["paper"][2]
    """With its path: ``ws://127.0.0.1:8790/ws-api/v3``."""
    api_key: Secret = Secret(PAPER_API_KEY)
    api_secret: Secret = Secret(PAPER_API_SECRET)
    """For HMAC signatures; not needed with ``private_key``."""
    private_key: Path | None = None
    """An Ed25519 key in PEM, for ``session.logon``."""
    second: SecondVenue | None = None
    """The second venue, where there is one: arbitrage is between the two."""
    watchdog_api_key: Secret = Secret(PAPER_API_KEY)
    watchdog_api_secret: Secret = Secret(PAPER_API_SECRET)
    watchdog_private_key: Path | None = None
    """The watchdog's own keys of the same account; the engine's where it was given none."""
    watchdog_s: float = 5.0
    """Without a beat of the engine for so long, the watchdog cancels the open entries; 0 never does."""
    news_stream_url: str = ""
    """A WebSocket that tells headlines, as the paper exchange's story does; empty for none."""
    news_file: Path | None = None
    news: NewsConfig = NewsConfig()
    news_secrets: tuple[tuple[str, Secret], ...] = ()
    """The tokens and keys of news sources, by the setting that holds each."""
    rules_file: Path | None = None
    """Another table of news rules than the one that is built in."""
    home: Path = Path("var")
    """Journal, logs and sockets live here."""
    sync_always: bool = False
    """Wait for the disk with each record, and so before each order; else the disk follows within 5 ms."""
    ledger_url: Secret = Secret("sqlite:///var/ledger.sqlite")
    """The ledger's database. A secret, because it may have a password in it."""
    notify_urls: Secret = Secret()
    """Where people are reached outside Slack, with commas between. Secret, because they have passwords in them."""
    notify_level: Level = "critical"
    """What goes there while Slack can't be reached; alarms always do."""
    notify_after_s: float = 120.0
    """An alarm that nobody has acknowledged goes there after so long."""
    http_port: int | None = None
    """Health over HTTP: 0 for any free port, None for 8780 or, where that is taken, any free one."""
    record: Path | None = None
    """Where to keep a recording of the session, or None."""
    spin: bool = False
    """Poll for frames instead of sleeping until they come: takes a whole core."""
    rehearse_ms: float = 1.0
    """While trading is armed, rehearse the way of an order so often; 0 never does."""
    sentry_dsn: Secret = Secret()
    has_slack: bool = False
    """Whether the bot has a workspace to go to; its token is the bot's business alone."""
    log_level: str = "INFO"

    @property
    def engine_socket(self) -> Path:
        """The Unix socket on which the engine listens to people."""
        return self.home / SOCKET_OF_ENGINE

    @property
    def of_second(self) -> Settings | None:
        """What the second venue's own core is told: another folder, and a mode in which it decides nothing."""
        if self.second is None:
            return None
        where = msgspec.structs.asdict(self.second)
        trading = msgspec.structs.replace(self.trading, mode="off")
        return msgspec.structs.replace(self, home=self.home / SECOND_FOLDER, trading=trading, second=None, **where)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret text, for the log's filter."""
        of_ledger = Secret(unquote(urlsplit(self.ledger_url.reveal()).password or ""))
        of_watchdog = (self.watchdog_api_key, self.watchdog_api_secret)
        of_news = tuple(secret for _, secret in self.news_secrets)
        of_sentry = Secret(urlsplit(self.sentry_dsn.reveal()).username or "")
        kept = (
            *of_news,
            of_sentry,
            self.api_key,
            self.api_secret,
            *of_watchdog,
            self.sentry_dsn,
            of_ledger,
        )
        second, pems = self.second, [pem_body(path) for path in (self.private_key, self.watchdog_private_key)]
        if second is not None:
            kept = (*kept, second.api_key, second.api_secret)
            pems.append(pem_body(second.private_key))
        of_notify = secrets(split(self.notify_urls.reveal()))
        return tuple(filter(None, (*(secret.reveal() for secret in kept), *of_notify, *pems)))

    @property
    def config_hash(self) -> str:
        """Return 12 hex digits of SHA-256 over what decides: trading rules, venue, account and symbols (C21).

        Ports and paths are left out: they differ from run to run and decide nothing.
        """
        decides = {
            "trading": msgspec.to_builtins(self.trading),
            "venue": self.venue,
            "is_live": self.is_live,
            "symbols": self.symbols,
            "news": msgspec.to_builtins(self.news),
            "rules": hashlib.sha256(self.rules_file.read_bytes()).hexdigest() if self.rules_file else "",
        }
        measured = self.home / CALIBRATION_FILE
        if self.is_live and measured.is_file():  # elsewhere it is shown and decides nothing
            decides["calibration"] = hashlib.sha256(measured.read_bytes()).hexdigest()
        return hashlib.sha256(msgspec.json.encode(decides, order="deterministic")).hexdigest()[:12]


def read_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Read ``.env`` in the folder, the environment over it, and ``trader.toml``; raises SettingsError.

    ``environ`` defaults to this process's environment, ``folder`` to the working directory.
    """
    folder = folder or Path.cwd()
    dotenv, environ = _read_dotenv(folder / ".env"), os.environ if environ is None else environ
    for prefix in ("ENGINE_", "BINANCE_", "NEWS_", "LEDGER_", "WATCHDOG_", "JOURNAL_", "SECOND_"):
        of_news = [name for name in dotenv if name.startswith(SECRET_PREFIX)]
        Named(dotenv, folder).refuse_unknown(prefix, (*NAMES, *of_news))
    named = Named({**dotenv, **environ}, folder)
    # Other programs may have a BINANCE_ of their own in the environment, but hardly an ENGINE_.
    named.refuse_unknown("ENGINE_", NAMES)
    settings = _read_rest(named, _read_venue(named))
    second = read_second(named, settings.venue, first_is_live=settings.is_live)
    settings = msgspec.structs.replace(settings, second=second)
    _check_symbols(settings)
    _check_operator(settings)
    return settings


def read_home(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Path:
    """Read ``TRADER_HOME`` alone, so that ``trader halt`` works however broken the rest is; raises SettingsError."""
    folder = folder or Path.cwd()
    return home_folder(Named({**_read_dotenv(folder / ".env"), **(os.environ if environ is None else environ)}, folder))


def read_ledger_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Read what the ledger needs and nothing else: it works without the exchange's keys; raises SettingsError."""
    named = _alone("LEDGER_", environ, folder)
    return Settings(home=home_folder(named), ledger_url=ledger_url(named), log_level=_log_level(named))


def read_notify_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Read what the second channel needs and nothing else; raises SettingsError."""
    named = _alone("NOTIFY_", environ, folder)
    return Settings(
        home=home_folder(named),
        notify_urls=Secret(named.text("NOTIFY_URLS")),
        notify_level=cast(Level, named.choice("NOTIFY_LEVEL", get_args(Level), "critical")),
        notify_after_s=named.number("NOTIFY_AFTER_S", 120.0, 3600.0),
        log_level=_log_level(named),
    )


def _alone(prefix: str, environ: Mapping[str, str] | None, folder: Path | None) -> Named:
    """Read the settings for who needs those with this prefix, whatever is wrong with others."""
    folder = folder or Path.cwd()
    dotenv = _read_dotenv(folder / ".env")
    Named(dotenv, folder).refuse_unknown(prefix, NAMES)
    return Named({**dotenv, **(os.environ if environ is None else environ)}, folder)


def child_environment(changes: Mapping[str, str], without: tuple[str, ...]) -> dict[str, str]:
    """Return this process's environment with some settings changed, for a child process.

    Names that begin with one of ``without`` are left out: only the engine gets the exchange's keys, only the bot
    Slack's tokens, only the ledger its database's address.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith(without)} | dict(changes)


def has_desktop() -> bool:
    """Say whether a browser window could be opened for the person at this machine."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _read_dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    texts: dict[str, str] = {}
    with path.open(encoding="utf-8") as stream:
        for binding in parse_stream(stream):
            if binding.error:
                raise SettingsError(f"{path.name} line {binding.original.line} can't be read: write NAME=value.")
            if binding.key is not None and binding.value is not None:
                texts[binding.key] = binding.value
    return texts


def _read_venue(named: Named) -> Settings:
    venue = cast(VenueName, named.choice("ENGINE_VENUE", ("paper", "binance"), "paper"))
    secure = "s" if venue == "binance" else ""
    schemes = ((f"http{secure}",), (f"ws{secure}",), (f"ws{secure}",))
    names = ("BINANCE_REST_URL", "BINANCE_STREAM_URL", "BINANCE_WS_API_URL")
    rest, stream, ws_api = (
        named.url(name, allowed, default)
        for name, allowed, default in zip(names, schemes, DEFAULT_URLS[venue], strict=True)
    )
    hosts = {name: urlsplit(url).hostname or "" for name, url in zip(names, (rest, stream, ws_api), strict=True)}
    settings = Settings(
        venue=venue,
        is_live=is_live(venue, hosts),
        symbols=named.symbols("ENGINE_SYMBOLS", ("ETHUSDT",) if venue == "binance" else ()),
        rest_url=rest,
        stream_url=stream,
        ws_api_url=ws_api,
        **account_keys(named, venue),
        **watchdog_keys(named, venue),
    )
    _check_account(settings, allow_live=named.choice("ENGINE_ALLOW_LIVE", ("0", "1"), "0") == "1")
    return settings


def _read_rest(named: Named, venue: Settings) -> Settings:
    return msgspec.structs.replace(
        venue,
        trading=_with_circle(_read_trading(named), named.symbols("ENGINE_CIRCLE", ())),
        **read_news(named),
        news_stream_url=named.url("NEWS_STREAM_URL", ("ws", "wss")),
        news_file=named.existing_file("NEWS_FILE"),
        watchdog_s=named.number("WATCHDOG_AFTER_S", 5.0, _WATCHDOG_MOST_S),
        home=home_folder(named),
        sync_always=named.choice("JOURNAL_SYNC", ("background", "always"), "background") == "always",
        ledger_url=ledger_url(named),
        notify_urls=Secret(named.text("NOTIFY_URLS")),
        http_port=named.port("ENGINE_HTTP_PORT", 0) if named.text("ENGINE_HTTP_PORT") else None,
        record=named.path("ENGINE_RECORD"),
        spin=named.choice("ENGINE_SPIN", ("0", "1"), "0") == "1",
        rehearse_ms=named.number("ENGINE_REHEARSE_MS", 1.0, _REHEARSE_MOST_MS),
        has_slack=bool(named.text("SLACK_BOT_TOKEN")),
        sentry_dsn=Secret(named.url("SENTRY_DSN", ("https", "http"))),
        log_level=_log_level(named),
    )


def _check_account(settings: Settings, *, allow_live: bool) -> None:
    if settings.is_live and not allow_live:
        raise SettingsError(
            "ENGINE_VENUE=binance trades with real money: set ENGINE_ALLOW_LIVE=1 if that is meant, "
            "or name the testnet in BINANCE_REST_URL, BINANCE_STREAM_URL and BINANCE_WS_API_URL."
        )
    if settings.venue == "binance" and not settings.api_key:
        raise SettingsError("BINANCE_API_KEY is missing: put the key of your account into .env.")
    if settings.venue == "binance" and not (settings.api_secret or settings.private_key):
        raise SettingsError("BINANCE_API_SECRET is missing: put it, or BINANCE_PRIVATE_KEY's path, into .env.")


def _read_trading(named: Named) -> TradingConfig:
    path = named.path("TRADER_CONFIG", "trader.toml")
    if path is None or not path.is_file():
        if named.text("TRADER_CONFIG"):
            raise SettingsError(f"TRADER_CONFIG names {path}, which is no file: correct it, or leave it empty.")
        return TradingConfig()
    try:
        return parse_trading_config(path.read_text(encoding="utf-8"), path.name)
    except UnicodeDecodeError:
        raise SettingsError(f"{path.name} is not a text in UTF-8: save it as one.") from None
    except ConfigFileError as error:
        raise SettingsError(str(error)) from None


def _with_circle(trading: TradingConfig, circle: tuple[str, ...]) -> TradingConfig:
    """Have these three symbols traded in circles; they are asked about where arbitrage is off."""
    if not circle:
        return trading
    own, replace = trading.strategies.arbitrage, msgspec.structs.replace
    arbitrage = replace(own, circle=circle, mode="ask" if own.mode == "off" else own.mode)
    return replace(trading, strategies=replace(trading.strategies, arbitrage=arbitrage))


def _check_operator(settings: Settings) -> None:
    """Real money has a dead man (C12)."""
    if settings.is_live and not settings.trading.operator.away_min:
        raise SettingsError(
            "A live account needs operator.away_min in trader.toml: the minutes without a person after which auto "
            "falls back to ask, for example 30."
        )


def _check_symbols(settings: Settings) -> None:
    strategies = settings.trading.strategies
    for symbol in settings.trading.limits.symbols:
        if settings.symbols and symbol not in settings.symbols:
            followed = ", ".join(settings.symbols)
            raise SettingsError(f"limits.symbols has {symbol}, but ENGINE_SYMBOLS follows {followed}.")
    for name in strategies.__struct_fields__:
        for symbol in getattr(strategies, name).symbols:
            if settings.symbols and symbol not in settings.symbols:
                followed = ", ".join(settings.symbols)
                raise SettingsError(f"strategies.{name}.symbols has {symbol}, but ENGINE_SYMBOLS follows {followed}.")


def _log_level(named: Named) -> str:
    return named.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
