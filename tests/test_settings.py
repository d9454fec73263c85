"""What the engine is told from outside: defaults, what is refused and with which sentence, and that no secret shows."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from engine.config_file import ConfigFileError, parse_trading_config
from engine.core.config import TradingConfig
from engine.settings import NAMES, Secret, Settings, SettingsError, read_home, read_settings
from engine.venues.paper.defaults import PAPER_API_KEY, PAPER_API_SECRET
from engine.wire.line import socket_path

ROOT = Path(__file__).resolve().parent.parent
TESTNET = {
    "ENGINE_VENUE": "binance",
    "BINANCE_REST_URL": "https://testnet.binance.vision",
    "BINANCE_STREAM_URL": "wss://stream.testnet.binance.vision",
    "BINANCE_WS_API_URL": "wss://ws-api.testnet.binance.vision/ws-api/v3",
    "BINANCE_API_KEY": "the-key",
    "BINANCE_API_SECRET": "the-secret",
}
LIVE = {"ENGINE_VENUE": "binance", "BINANCE_API_KEY": "the-key", "BINANCE_API_SECRET": "the-secret"}


def test_an_empty_environment_is_paper_trading(tmp_path: Path) -> None:
    """Without any setting the engine trades play money on this machine, with the rules' defaults."""
    settings = read_settings({}, tmp_path)
    assert (settings.venue, settings.is_live, settings.symbols) == ("paper", False, ())
    assert settings.rest_url == "http://127.0.0.1:8790"
    assert settings.http_port is None
    assert settings.trading == TradingConfig()
    assert settings.home == tmp_path / "var"
    assert settings.engine_socket == socket_path(settings.home)


def test_the_environment_counts_before_the_dotenv_file(tmp_path: Path) -> None:
    """What is in the environment wins over ``.env``, and ``.env`` over the default."""
    (tmp_path / ".env").write_text("# a comment\nLOG_LEVEL=debug\nENGINE_HTTP_PORT='9001'\n")
    settings = read_settings({"ENGINE_HTTP_PORT": "9002"}, tmp_path)
    assert (settings.log_level, settings.http_port) == ("DEBUG", 9002)


def test_paper_trading_never_uses_the_keys_of_a_real_account(tmp_path: Path) -> None:
    """Real keys in ``.env`` stay there while the venue is paper."""
    settings = read_settings({"BINANCE_API_KEY": "real", "BINANCE_API_SECRET": "real"}, tmp_path)
    assert (settings.api_key, settings.api_secret) == (Secret(PAPER_API_KEY), Secret(PAPER_API_SECRET))


def test_the_watchdog_has_keys_of_its_own_or_the_engines(tmp_path: Path) -> None:
    """On paper neither; and its secret shows as little as the engine's."""
    paper = read_settings({"WATCHDOG_API_KEY": "own", "WATCHDOG_API_SECRET": "hush"}, tmp_path)
    assert paper.watchdog_api_key == Secret(PAPER_API_KEY)
    shared = read_settings(TESTNET, tmp_path)
    assert (shared.watchdog_api_key, shared.watchdog_api_secret) == (shared.api_key, shared.api_secret)
    own = read_settings({**TESTNET, "WATCHDOG_API_KEY": "own", "WATCHDOG_API_SECRET": "hush"}, tmp_path)
    assert (own.watchdog_api_key, own.watchdog_api_secret) == (Secret("own"), Secret("hush"))
    assert own.api_key == Secret("the-key")
    assert {"own", "hush"} <= set(own.secrets)
    assert "hush" not in repr(own)


def test_real_money_needs_the_flag(tmp_path: Path) -> None:
    """C1: the venue alone is refused, the venue with the flag is live, the testnet is neither."""
    with pytest.raises(SettingsError, match="ENGINE_ALLOW_LIVE=1"):
        read_settings(LIVE, tmp_path)
    with pytest.raises(SettingsError, match=r"operator\.away_min in trader\.toml"):
        read_settings({**LIVE, "ENGINE_ALLOW_LIVE": "1"}, tmp_path)
    (tmp_path / "trader.toml").write_text("[operator]\naway_min = 30\n")
    live = read_settings({**LIVE, "ENGINE_ALLOW_LIVE": "1"}, tmp_path)
    assert live.is_live
    assert live.symbols == ("ETHUSDT",)
    assert not read_settings(TESTNET, tmp_path).is_live


def test_orders_are_rehearsed_every_millisecond_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    """The rehearsal is on by default and 0 turns it off; spinning takes a core and is off."""
    usual = read_settings({}, tmp_path)
    assert (usual.rehearse_ms, usual.spin) == (1.0, False)
    chosen = read_settings({"ENGINE_REHEARSE_MS": "0", "ENGINE_SPIN": "1"}, tmp_path)
    assert (chosen.rehearse_ms, chosen.spin) == (0.0, True)


def test_the_flag_alone_changes_nothing(tmp_path: Path) -> None:
    """C1: allowing real money on the paper exchange is still paper."""
    assert not read_settings({"ENGINE_ALLOW_LIVE": "1"}, tmp_path).is_live


WRONG = [
    ({"ENGINE_VENUE": "kraken"}, "ENGINE_VENUE is 'kraken': write one of paper, binance."),
    ({"ENGINE_ALLOW_LIVE": "yes"}, "ENGINE_ALLOW_LIVE is 'yes': write one of 0, 1."),
    ({"ENGINE_SYMBOLS": "ETH/USDT"}, "ENGINE_SYMBOLS has 'ETH/USDT': write the venue's own names"),
    ({"ENGINE_HTTP_PORT": "70000"}, "ENGINE_HTTP_PORT is '70000': write a port from 1 to 65535"),
    ({"ENGINE_HTTP_PORT": "²"}, "ENGINE_HTTP_PORT is '²': write a port"),
    ({"ENGINE_SPIN": "on"}, "ENGINE_SPIN is 'on': write one of 0, 1."),
    ({"ENGINE_REHEARSE_MS": "-1"}, "ENGINE_REHEARSE_MS is '-1': write a number from 0 to 1000."),
    ({"ENGINE_REHEARSE_MS": "nan"}, "ENGINE_REHEARSE_MS is 'nan': write a number from 0 to 1000."),
    ({"ENGINE_REHEARSE_MS": "often"}, "ENGINE_REHEARSE_MS is 'often': write a number from 0 to 1000."),
    ({"ENGINE_SYMBOL": "ETHUSDT"}, "There is no setting ENGINE_SYMBOL; did you mean ENGINE_SYMBOLS?"),
    ({"WATCHDOG_AFTER_S": "-1"}, "WATCHDOG_AFTER_S is '-1': write a number from 0 to 3600."),
    ({**TESTNET, "WATCHDOG_API_KEY": "own"}, "WATCHDOG_API_SECRET is missing"),
    ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'loud': write one of DEBUG, INFO"),
    ({"NEWS_FILE": "none.jsonl"}, "NEWS_FILE names .*none.jsonl, which is no file"),
    ({"NEWS_STREAM_URL": "127.0.0.1:1"}, "NEWS_STREAM_URL is not an address .* ws://host:port"),
    ({"SENTRY_DSN": "abc"}, "SENTRY_DSN is not an address"),
    ({"TRADER_CONFIG": "none.toml"}, "TRADER_CONFIG names .*none.toml, which is no file"),
    ({"TRADER_HOME": "x" * 120}, "TRADER_HOME's path .* is too long for a socket"),
    ({"BINANCE_REST_URL": "http://api.binance.com"}, "but ENGINE_VENUE is paper"),
    ({"BINANCE_REST_URL": "http://[::1"}, "BINANCE_REST_URL is not an address"),
    ({**TESTNET, "BINANCE_REST_URL": "https://binance.example"}, "which is no host of Binance"),
    ({**TESTNET, "BINANCE_REST_URL": "https://api.binance.com"}, "mix real and test hosts"),
    ({**TESTNET, "BINANCE_STREAM_URL": "ws://stream.testnet.binance.vision"}, "BINANCE_STREAM_URL .* wss://host"),
    ({**TESTNET, "BINANCE_API_KEY": ""}, "BINANCE_API_KEY is missing"),
    ({**TESTNET, "BINANCE_API_SECRET": ""}, "BINANCE_API_SECRET is missing"),
    ({**TESTNET, "BINANCE_PRIVATE_KEY": "none.pem"}, "BINANCE_PRIVATE_KEY names .*none.pem, which is no file"),
]


@pytest.mark.parametrize(("environ", "sentence"), WRONG, ids=[sentence[:40] for _, sentence in WRONG])
def test_a_wrong_setting_is_refused_with_a_sentence(tmp_path: Path, environ: dict[str, str], sentence: str) -> None:
    """Each says which setting is wrong and what to write, and nothing of its secret neighbours."""
    with pytest.raises(SettingsError, match=sentence) as caught:
        read_settings(environ, tmp_path)
    assert "the-secret" not in str(caught.value)


def test_a_broken_dotenv_file_is_refused_with_its_line(tmp_path: Path) -> None:
    """A line that is no assignment is named, and never quoted: it may hold a secret."""
    (tmp_path / ".env").write_text("LOG_LEVEL=INFO\nBINANCE_API_KEY='never closed\n")
    with pytest.raises(SettingsError, match=r"\.env line 2 can't be read: write NAME=value") as caught:
        read_settings({}, tmp_path)
    assert "never" not in str(caught.value)


def test_a_slip_in_the_dotenv_file_is_refused(tmp_path: Path) -> None:
    """A name that begins like ours and is none is most likely a typing mistake."""
    (tmp_path / ".env").write_text("BINANCE_APIKEY=x\n")
    with pytest.raises(SettingsError, match="did you mean BINANCE_API_KEY"):
        read_settings({}, tmp_path)


def test_the_home_can_be_read_when_all_else_is_broken(tmp_path: Path) -> None:
    """``trader halt`` needs to find the engine, whatever is wrong with the rules."""
    (tmp_path / "trader.toml").write_text("this is no TOML")
    with pytest.raises(SettingsError):
        read_settings({}, tmp_path)
    assert read_home({"TRADER_HOME": "elsewhere", "ENGINE_VENUE": "?"}, tmp_path) == tmp_path / "elsewhere"


def test_a_strategy_that_looks_where_nobody_follows_is_refused(tmp_path: Path) -> None:
    """A symbol of a strategy must be one that the engine follows, else the strategy would sleep for ever."""
    (tmp_path / "trader.toml").write_text('[strategies.sma_cross]\nsymbols = ["BTCUSDT"]\n')
    with pytest.raises(SettingsError, match="BTCUSDT, but ENGINE_SYMBOLS follows ETHUSDT"):
        read_settings({"ENGINE_SYMBOLS": "ethusdt"}, tmp_path)
    assert read_settings({}, tmp_path).trading.strategies.sma_cross.symbols == ("BTCUSDT",)


def test_secrets_never_show(tmp_path: Path) -> None:
    """C18: neither the settings' nor a secret's own text holds it; the log's filter is given it."""
    settings = read_settings({**TESTNET, "SENTRY_DSN": "https://abc@sentry.example/1"}, tmp_path)
    for text in (repr(settings), str(settings), f"{settings.api_secret}", repr(settings.api_key)):
        assert "the-" not in text
        assert "sentry.example" not in text
    assert set(settings.secrets) == {"the-key", "the-secret", "abc", "https://abc@sentry.example/1"}


def test_the_config_hash_changes_with_what_decides_and_with_nothing_else() -> None:
    """C21: 12 hex digits over rules, venue, account and symbols; not over keys, ports or paths."""
    settings = Settings()
    assert re.fullmatch(r"[0-9a-f]{12}", settings.config_hash)
    same = msgspec.structs.replace(settings, http_port=1, home=Path("/x"), api_key=Secret("y"), rest_url="http://z")
    assert same.config_hash == settings.config_hash
    for change in ({"symbols": ("ETHUSDT",)}, {"is_live": True}, {"trading": TradingConfig(mode="auto")}):
        assert msgspec.structs.replace(settings, **change).config_hash != settings.config_hash


def test_trader_toml_is_the_defaults_with_every_key_explained() -> None:
    """The file in the repository holds every key, at its default, and the first of each name with a comment."""
    text = (ROOT / "trader.toml").read_text()
    table = tomllib.loads(text)
    assert table.pop("news") == {
        "rules": "",
        "unknown_trust": 0.45,
        "trust": {"story": 1.0, "binance-announcements": 1.0},
    }
    expected = msgspec.json.decode(msgspec.json.encode(TradingConfig()))
    for strategy in expected["strategies"].values():  # how trades are sized and left is said once, for all of them
        alike = {part: strategy.pop(part) for part in ("sizing", "exits")}
        assert table["strategies"]["defaults"] == alike
    del table["strategies"]["defaults"]
    assert table == expected
    seen: set[str] = set()
    for line in text.splitlines():
        if match := re.match(r"(\w+) = ", line):
            assert match[1] in seen or "# " in line, f"no comment on {match[1]}"
            seen.add(match[1])


def test_what_trader_toml_leaves_out_keeps_its_own_default() -> None:
    """One key of a strategy changes that key alone, also where the strategy's defaults are not its type's."""
    config = parse_trading_config("[strategies.headlines]\nmax_age_s = 60\n")
    assert config.strategies.headlines.max_age_s == 60.0
    assert config.strategies.headlines.target_pct == TradingConfig().strategies.headlines.target_pct


def test_what_is_said_of_all_strategies_goes_under_what_is_said_of_one() -> None:
    """``[strategies.defaults]`` counts key by key, and only where a strategy has no word of its own."""
    config = parse_trading_config(
        "[strategies.defaults]\nsizing = { method = 'percent', percent = 3.0 }\nexits.time_s = 60.0\n"
        "[strategies.headlines]\nsizing.percent = 0.5\nexits.time_s = 0.0\n"
    )
    usual, own = config.strategies.momentum, config.strategies.headlines
    assert (usual.sizing.method, usual.sizing.percent, usual.exits.time_s) == ("percent", 3.0, 60.0)
    assert (own.sizing.method, own.sizing.percent, own.exits.time_s) == ("percent", 0.5, 0.0)
    assert own.target_pct == TradingConfig().strategies.headlines.target_pct


BROKEN_TOML = [
    ("mode = ", r"trader.toml line 1 is not valid TOML"),
    ("mode = 'ask'\nmode = 'off'", r"trader.toml line 2 is not valid TOML \(Cannot overwrite"),
    ("mode = 'on'", r'line 1: mode = \'on\' can\'t be used; write one of "ask", "auto", "off"'),
    ("[limits]\n\nmax_order_pct = 300", r"line 3: limits.max_order_pct = 300 .* above 0 and at most 100\."),
    ("[limits]\nmax_order_pct = nan", r"line 2: limits.max_order_pct = nan .* above 0 and at most 100\."),
    ("[limits]\nmax_order_pct = true", r"line 2: limits.max_order_pct = true .* a number above 0"),
    ("[limits]\nrepeats = 1", r"line 2: limits.repeats = 1 .* a whole number from 2 to 100\."),
    ("limits.repeats = 1", r"line 1: limits.repeats = 1 can't be used"),
    ("limits = 3", r"line 1: limits = 3 can't be used; write a table"),
    ("[limits]\nmax_oder_pct = 3", r"line 2: there is no setting limits.max_oder_pct; did you mean max_order_pct"),
    ("[strategies.sma_cros]", r"line 1: there is no setting strategies.sma_cros; did you mean sma_cross"),
    ("[strategies.sma_cross]\nask = 1.0", r"line 1: in strategies.sma_cross, ask = 1 is above act = "),
    ("[strategies.default.exits]", r"line 1: there is no setting strategies.default; did you mean defaults"),
    ("[strategies]\ndefaults = 3", r"line 2: strategies.defaults = 3 can't be used; write a table: \[strategies.def"),
    ("[strategies.defaults]\nstop_pct = 1.0", r"line 2: there is no setting strategies.defaults.stop_pct"),
    ("[strategies.defaults.sizing]\npercent = 0", r"line 2: strategies.defaults.sizing.percent = 0 .* above 0 and at"),
    ("[strategies.defaults.exits]\nsteps = [[0.6, 50.0]]", r"in strategies.book_pressure, the step at 0.6 %"),
    ("[limits.symbols.ETHUSDT]\nstale_s = 0", r"line 2: limits.symbols.ETHUSDT.stale_s = 0 .* above 0 and at most"),
    ("[limits.symbols]\nE = {x = 1}", r"line 2: there is no setting limits.symbols.E.x"),
    ("[limits.symbols]\nE = 3", r"line 2: limits.symbols.E = 3 can't be used; write a table: \[limits.symbols.E\]"),
    ("[limits.strategies.magic]", r"limits.strategies names 'magic': there are sma_cross"),
    ("[strategies.sma_cross]\nsymbols = [1]", r'line 2: strategies.sma_cross.symbols .* such as \["ETHUSDT"\]'),
    ("[by_hand]\n\ntrail_pct = -1", r"line 3: by_hand.trail_pct = -1 .* from 0 to 99\."),
    ("[by_hand]\nsteps = [2.0]", r"line 2: by_hand.steps = \[2.0\] .* at most 3 steps of \[profit %, part %\]"),
    ("[by_hand]\nsteps = [[2.0, 50.0], [1.0, 20.0]]", r"line 1: in by_hand, steps must go upwards"),
    ("[by_hand]\nsteps = [[2.0, 60.0], [3.0, 40.0]]", r"line 1: in by_hand, steps sell 100 % in all: leave a part"),
    ("[strategies.sma_cross.exits]\ntrail_pct = 1.0\ntrail_atr = 2.0", r"line 1: in .*exits, trail_pct and trail_atr"),
    ("[strategies.sma_cross.exits]\ntrail_after_pct = 1.0", r"trail_after_pct is set without trail_pct"),
    ("[strategies.sma_cross.exits]\ntime_below_pct = 1.0", r"time_below_pct is set without time_s"),
    (
        "[strategies.sma_cross.exits]\nsteps = [[3.0, 50.0]]",
        r"the step at 3 % lies at or beyond the last target of 3 %",
    ),
    (
        "[strategies.sma_cross.exits]\ntrial_pct = 1.0",
        r"no setting strategies.sma_cross.exits.trial_pct; did you mean trail_",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), BROKEN_TOML, ids=[text for text, _ in BROKEN_TOML])
def test_a_broken_trader_toml_is_refused_with_its_line(text: str, sentence: str) -> None:
    """Each sentence names the line, the key and what may be written there."""
    with pytest.raises(ConfigFileError, match=sentence):
        parse_trading_config(text)


def test_every_setting_is_in_the_example_and_every_example_is_a_setting() -> None:
    """``.env.example`` holds exactly the names that the two settings modules read."""
    listed = re.findall(r"^([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert len(listed) == len(set(listed))
    read = names_in(ROOT / "engine" / "settings.py") | names_in(ROOT / "bot" / "settings.py")
    assert set(listed) == read
    assert set(NAMES) <= read


def names_in(module: Path) -> set[str]:
    """Return the names of environment settings that a module spells out."""
    texts = (node.value for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Constant))
    name = re.compile(
        r"(ENGINE|BINANCE|SECOND|DIGEST|WATCHDOG|JOURNAL|NEWS|TRADER|LEDGER|NOTIFY|SLACK|SENTRY|LOG)_[A-Z_]*[A-Z]"
    )
    return {text for text in texts if isinstance(text, str) and name.fullmatch(text)}


NEWS_TOML = """
[news]
unknown_trust = 0.2

[[news.sources]]
name = "wire"
kind = "stream"
url = "wss://wire.example/feed"
trust = 0.8
secret = "NEWS_SECRET_WIRE"
subscribe = '{"token":"{secret}"}'

[[news.sources]]
name = "listings"
kind = "binance"
"""


def test_news_sources_are_read_with_their_secrets(tmp_path: Path) -> None:
    """A source's token comes from the environment, and the log hides it."""
    (tmp_path / "trader.toml").write_text(NEWS_TOML)
    settings = read_settings({"NEWS_SECRET_WIRE": "t0ken"}, tmp_path)
    assert [(one.name, one.kind, one.trust) for one in settings.news.sources] == [
        ("wire", "stream", 0.8),
        ("listings", "binance", 0.45),
    ]
    assert "t0ken" in settings.secrets
    with pytest.raises(SettingsError, match="NEWS_SECRET_WIRE is missing"):
        read_settings({}, tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('kind = "binance"', 'kind = "okx"'), r"trader.toml line 13: news.sources.kind"),
        (('name = "listings"', 'name = "wire"'), r"trader.toml line 13: there are two sources"),
        (('url = "wss://wire', 'url = "https://wire'), r"line 5: url of wire is no address"),
        (("trust = 0.8", "trust = 8"), r"line 5: news.sources.trust"),
        (('kind = "binance"', 'kind = "page"\nurl = "https://a.example/"'), r"line 13: a page needs item"),
        (('kind = "binance"', 'kind = "webhook"\nurl = "http://127.0.0.1:1/x"'), r"line 13: a webhook needs secret"),
        (('"NEWS_SECRET_WIRE"', '"BINANCE_API_SECRET"'), r"line 5: news.sources.secret"),
        (("unknown_trust = 0.2", "unknown_thrust = 0.2"), r"line 2: news.*unknown_thrust"),
        (("unknown_trust = 0.2", 'rules = "none.toml"'), r"none.toml, which is no file"),
    ],
)
def test_a_news_section_that_can_not_be_meant_is_refused_by_line(
    change: tuple[str, str], words: str, tmp_path: Path
) -> None:
    """Each mistake names its source's line."""
    (tmp_path / "trader.toml").write_text(NEWS_TOML.replace(*change))
    with pytest.raises(SettingsError, match=words):
        read_settings({"NEWS_SECRET_WIRE": "t0ken"}, tmp_path)


def test_another_rule_table_is_another_configuration(tmp_path: Path) -> None:
    """C21: the hash is over what the table says, not where it is."""
    (tmp_path / "trader.toml").write_text('[news]\nrules = "mine.toml"\n')
    hashes = set()
    for text in ("a", "b", "a"):
        (tmp_path / "mine.toml").write_text(text)
        hashes.add(read_settings({}, tmp_path).config_hash)
    assert len(hashes) == 2


SECOND = {
    "SECOND_REST_URL": "http://127.0.0.1:8791",
    "SECOND_STREAM_URL": "ws://127.0.0.1:8791",
    "SECOND_WS_API_URL": "ws://127.0.0.1:8791/ws-api/v3",
}


def test_a_second_venue_has_a_folder_of_its_own_and_a_core_that_decides_nothing(tmp_path: Path) -> None:
    settings = read_settings(SECOND, tmp_path)
    second = settings.of_second
    assert second is not None
    assert (second.rest_url, second.home) == ("http://127.0.0.1:8791", tmp_path / "var" / "second")
    assert (second.trading.mode, second.second) == ("off", None)
    assert read_settings({}, tmp_path).of_second is None


def test_half_a_second_venue_is_refused_and_so_is_another_kind_of_money(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SECOND_WS_API_URL is missing"):
        read_settings({**SECOND, "SECOND_WS_API_URL": ""}, tmp_path)
    with pytest.raises(SettingsError, match="but ENGINE_VENUE is paper"):
        read_settings({**SECOND, "SECOND_REST_URL": "https://api.example.com"}, tmp_path)
    urls = {name.replace("BINANCE", "SECOND"): url for name, url in TESTNET.items() if name.endswith("_URL")}
    with pytest.raises(SettingsError, match="SECOND_API_KEY and SECOND_API_SECRET are missing"):
        read_settings({**TESTNET, **urls}, tmp_path)
