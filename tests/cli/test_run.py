"""``trader run``: how its processes find each other, what it shows, and what it refuses."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine.cli.arguments import build_parser
from engine.cli.lock import only_run
from engine.cli.main import main
from engine.cli.panel import panel, shortened
from engine.cli.ports import choose
from engine.cli.refused import Refused
from engine.cli.running import Running, find_running, noted
from engine.cli.traded import in_run
from engine.cli.wiring import (
    Ports,
    bot_child,
    endless,
    engine_child,
    exchange_child,
    ledger_child,
    local_slack_child,
    people_at,
    wants_second,
)
from engine.core.config import Arbitrage, Strategies, TradingConfig
from engine.settings import Settings
from engine.venues.paper.options import ExchangeOptions

PORTS = Ports(exchange=1001, page=1003)


@pytest.fixture
def taken_port() -> Iterator[int]:
    """Return a port on which somebody listens, on every interface."""
    with socket.socket() as listener:
        listener.bind(("", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def arguments(*words: str) -> argparse.Namespace:
    """Read the options of ``trader run``."""
    return build_parser().parse_args(["run", *words])


def test_the_engine_is_pointed_at_the_exchange_of_the_same_run(tmp_path: Path) -> None:
    """The ports that were chosen are the addresses that the engine is told."""
    settings = Settings(home=tmp_path)
    args = arguments("--tape", "recording:x.gz", "--speed", "20", "--seed", "7")
    exchange, engine = exchange_child(settings, args, PORTS), engine_child(settings, args, PORTS)
    assert exchange.argv[:4] == (sys.executable, "-m", "engine.cli.main", "exchange")
    words = " ".join(exchange.argv)
    account = tmp_path / "paper-account.json"
    assert "--tape recording:x.gz?laps=0 --seed 7 --port 1001 --speed 20.0" in words
    assert words.endswith(f"--state {account} --wait-for-client")
    assert engine.env["BINANCE_REST_URL"] == "http://127.0.0.1:1001"
    assert engine.env["BINANCE_STREAM_URL"] == "ws://127.0.0.1:1001"
    assert engine.env["BINANCE_WS_API_URL"] == "ws://127.0.0.1:1001/ws-api/v3"
    assert engine.env["TRADER_HOME"] == str(tmp_path)
    assert engine.log == tmp_path / "logs" / "engine.log"


@pytest.mark.parametrize(
    ("tape", "played"),
    [
        ("story", "story"),
        ("binance?symbols=ETHUSDT", "binance?symbols=ETHUSDT"),
        ("recording:x.gz", "recording:x.gz?laps=0"),
        ("recording:x.gz?laps=1", "recording:x.gz?laps=1"),
        ("candles:x.csv?symbol=IOTAUSDT", "candles:x.csv?symbol=IOTAUSDT&laps=0"),
    ],
)
def test_a_run_has_no_end_unless_its_tape_says_so(tape: str, played: str) -> None:
    """A recording and candles begin anew as the story does, as often as the person said where they did."""
    assert endless(tape) == played


def test_a_real_venue_keeps_its_own_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another venue than paper nothing points at this machine."""
    monkeypatch.delenv("BINANCE_REST_URL", raising=False)
    engine = engine_child(Settings(home=tmp_path, venue="binance"), arguments(), PORTS)
    assert "BINANCE_REST_URL" not in engine.env


def test_the_news_come_from_the_story_unless_others_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording has no headlines, and somebody's own ones are not replaced."""
    monkeypatch.delenv("NEWS_STREAM_URL", raising=False)
    settings = Settings(home=tmp_path)
    assert engine_child(settings, arguments(), PORTS).env["NEWS_STREAM_URL"] == "ws://127.0.0.1:1001/_news"
    assert "NEWS_STREAM_URL" not in engine_child(settings, arguments("--tape", "binance"), PORTS).env
    own = Settings(home=tmp_path, news_stream_url="ws://127.0.0.1:5/mine")
    assert "NEWS_STREAM_URL" not in engine_child(own, arguments(), PORTS).env


def test_the_circle_tape_has_its_circle_asked_about_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No second exchange comes with it."""
    monkeypatch.delenv("ENGINE_CIRCLE", raising=False)
    settings, args = Settings(home=tmp_path), arguments("--tape", "circle")
    assert engine_child(settings, args, PORTS).env["ENGINE_CIRCLE"] == "BTCUSDT,ETHUSDT,ETHBTC"
    assert not wants_second(settings)
    assert "ENGINE_CIRCLE" not in engine_child(settings, arguments(), PORTS).env
    own = Strategies(arbitrage=Arbitrage(circle=("BNBUSDT", "ETHUSDT", "ETHBNB")))
    named = Settings(home=tmp_path, trading=TradingConfig(strategies=own))
    assert "ENGINE_CIRCLE" not in engine_child(named, args, PORTS).env


def test_the_bot_is_told_of_the_local_slack_only_where_there_is_one(tmp_path: Path) -> None:
    """With tokens of a real workspace it goes there."""
    settings = Settings(home=tmp_path)
    assert bot_child(settings, PORTS.page_url).env["TRADER_LOCAL_SLACK"] == "http://127.0.0.1:1003"
    assert "TRADER_LOCAL_SLACK" not in bot_child(settings, "").env
    assert local_slack_child(settings, PORTS).argv[-4:] == ("--port", "1003", "--home", str(tmp_path))


def test_the_ledgers_database_is_the_ledgers_business_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address may have a password in it; and the ledger needs no key of the exchange and no token of Slack."""
    settings = Settings(home=tmp_path)
    for name in ("LEDGER_URL", "BINANCE_API_SECRET", "SLACK_BOT_TOKEN"):
        monkeypatch.setenv(name, "hush")
    ledger = ledger_child(settings)
    assert ledger.argv[-2:] == ("ledger", "follow")
    assert ledger.last_codes == {2}
    others = (
        *(engine_child(settings, arguments(), PORTS), exchange_child(settings, arguments(), PORTS)),
        *(bot_child(settings, ""), local_slack_child(settings, PORTS)),
    )
    assert [name for name in ledger.env if name.startswith(("BINANCE_", "SLACK_"))] == []
    assert (ledger.env["LEDGER_URL"], [child.name for child in others if "LEDGER_URL" in child.env]) == ("hush", [])
    assert [child.name for child in others if "SLACK_BOT_TOKEN" in child.env] == ["bot"]
    assert "BINANCE_API_SECRET" not in others[2].env


def test_the_local_slack_is_for_paper_money_only() -> None:
    """Without a workspace people are at the local Slack on paper, and in the terminal with real money."""
    paper, live = Settings(), Settings(venue="binance", is_live=True)
    workspace = Settings(has_slack=True)
    assert people_at(paper, arguments()) == "local slack"
    assert people_at(live, arguments()) == "desk"
    assert people_at(workspace, arguments()) == "slack"
    assert people_at(workspace, arguments("--no-slack")) == "desk"


def test_bad_settings_of_a_child_are_final_and_so_is_a_local_slack_that_cannot_be(tmp_path: Path) -> None:
    """Exit code 2 of any child, and 3 of the local Slack, are not tried again."""
    settings = Settings(home=tmp_path)
    assert engine_child(settings, arguments(), PORTS).last_codes == {2}
    assert local_slack_child(settings, PORTS).last_codes == {2, 3}


def test_the_panel_fits_80_columns_and_says_where_and_what() -> None:
    """What runs, the page, what to type, that it is play money, and who else can reach the page."""
    text = panel(
        version="0.1.0",
        money="paper money",
        runs=["paper exchange", "engine", "bot", "local Slack"],
        tape=f"recording:{'/a/long/way' * 9}/binance_spot_ethusdt_20240808.gz",
        look="http://127.0.0.1:3018   channel #trading",
        example="IOTA",
        logs=Path.cwd() / "var" / "logs",
        notes=["the local Slack listens on every interface of this machine, port 3018"],
    )
    assert max(map(len, text.splitlines())) <= 80
    for part in ("paper money", "http://127.0.0.1:3018", "/resume", "/buy IOTA 250", "/status", "trader status"):
        assert part in text
    assert "tape  recording:…/binance_spot_ethusdt_20240808.gz" in text
    assert "every interface" in text
    assert "var/logs" in text


def test_the_panel_of_the_desk_asks_for_words_without_a_slash() -> None:
    """Where the desk is in this terminal there is no page to look at."""
    text = panel(
        version="0.1.0",
        money="paper money",
        runs=["engine"],
        tape="",
        look="",
        example="ETH",
        logs=Path("/logs"),
        notes=[],
    )
    assert "here: resume   then   buy ETH 250" in text
    assert "look" not in text
    assert "tape" not in text


def test_a_tape_with_a_long_name_is_cut_in_front() -> None:
    """What tells it from others stands at its end."""
    assert shortened("story") == "story"
    cut = shortened(f"candles:/x/{'y' * 90}_end.csv?symbol=IOTAUSDT")
    assert len(cut) == 70
    assert cut.startswith("candles:…yyy")
    assert cut.endswith("_end.csv?symbol=IOTAUSDT")


async def test_the_panel_names_what_the_tape_trades(tmp_path: Path) -> None:
    """Of the settings where they name any, else of the exchange's word among its log, else nobody knows."""
    log = tmp_path / "exchange.log"
    assert await in_run(Settings(symbols=("BTCUSDT", "ETHUSDT")), log, 0.0) == "BTC"
    assert await in_run(Settings(), log, 0.0) == "SYMBOL"
    log.write_text('{"level":"info","text":"x"}\n{"rest":"http://127.0.0.1:1","symbols":["ETHUSDT"],"pid":1}\n')
    assert await in_run(Settings(), log, 1.0) == "ETH"


def test_a_port_in_use_is_refused_when_it_was_named_and_avoided_when_not(taken_port: int) -> None:
    """A named port is meant; a default one is a suggestion."""
    with pytest.raises(Refused, match=f"Port {taken_port} is in use: .* with --port"):
        choose(taken_port, 0, "--port")
    assert choose(None, taken_port, "--port") not in (0, taken_port)


def test_a_run_on_a_port_in_use_is_exit_code_2(
    tmp_path: Path, taken_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is started, and the sentence says what to do."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRADER_HOME", "h")
    for option in ("--port", "--exchange-port"):
        assert main(["run", "--no-slack", option, str(taken_port)]) == 2
        assert f"or name another with {option}." in capsys.readouterr().err


def test_a_home_in_which_nothing_can_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="set TRADER_HOME to a folder"), only_run(tmp_path / "file" / "home"):
        pass


def test_a_second_run_in_the_same_home_is_refused(tmp_path: Path) -> None:
    """Two would trade on one journal; another home, or the same one later, is fine."""
    with only_run(tmp_path / "a"):
        with pytest.raises(Refused, match=r"running already .* \(process [0-9]+\)"), only_run(tmp_path / "a"):
            pass
        with only_run(tmp_path / "b"):
            pass
    with only_run(tmp_path / "a"):
        pass


def test_a_run_is_found_while_it_lasts(tmp_path: Path) -> None:
    """Other commands learn where its exchange is; what a killed run has left leads nowhere."""
    assert find_running(tmp_path) is None
    here, gone = Running(os.getpid(), "http://127.0.0.1:1001"), subprocess.Popen([sys.executable, "-S", "-c", ""])
    with noted(tmp_path, here):
        assert find_running(tmp_path) == here
    assert find_running(tmp_path) is None
    gone.wait()
    with noted(tmp_path, Running(gone.pid, "http://127.0.0.1:1001")):
        assert find_running(tmp_path) is None


def test_a_run_that_can_not_start_a_child_ends_with_its_sentence(tmp_path: Path) -> None:
    """A tape that is no tape: the exchange's own sentence, exit code 2, and nothing left running."""
    argv = [sys.executable, "-m", "engine.cli.main", "run", "--no-slack", "--tape", "recording:no-such-file.gz"]
    env = {**os.environ, "TRADER_HOME": str(tmp_path)}
    done = subprocess.run(
        argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("The exchange can't run: ")
    assert "no-such-file.gz" in done.stderr


def test_a_ledger_that_can_not_run_is_told_and_nothing_else_ends(tmp_path: Path) -> None:
    """The database's address makes no sense: one line says so, and the engine answers all the same."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "BINANCE_"))}
    url = "postgresql://ann:hush@127.0.0.1/name?sslmode=odd"
    with tempfile.TemporaryDirectory(prefix="trader-") as home:
        env = kept | {"TRADER_HOME": home, "ENGINE_HTTP_PORT": "0", "LEDGER_URL": url}
        trader = [sys.executable, "-m", "engine.cli.main"]
        run = subprocess.Popen(
            [*trader, "run", "--no-slack", "--exchange-port", "0"],
            env=env,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert run.stdout is not None
            told = next(line for line in run.stdout if line.startswith("There is no ledger"))
            assert "trading goes on without it. LEDGER_URL has sslmode=odd" in told
            assert "hush" not in told
            while subprocess.run([*trader, "status", "--json"], env=env, capture_output=True, check=False).returncode:
                assert run.poll() is None
        finally:
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=20)
        assert run.returncode == 0


def test_settings_are_replaced_not_changed() -> None:
    """The command line's choices for a replay make new settings."""
    from engine.cli.replay import chosen, table

    settings = Settings()
    auto = chosen(settings, "auto", "ethusdt")
    assert (auto.trading.mode, auto.symbols) == ("auto", ("ETHUSDT",))
    assert (settings.trading.mode, settings.symbols) == ("ask", ())
    assert chosen(settings, None, None) == settings
    assert table({"gaps": 0, "depth_applied": 3432}) == "depth_applied  3432\ngaps           0"
    nested = {"events": {"order": 34, "armed": 0}, "signals": {"drift": {"asked": 3}, "fade": {"asked": 0}}}
    assert table(nested | {"symbols": ["ETHUSDT", "BTCUSDT"], "mode": "auto"}).splitlines() == [
        "events         34 order",
        "mode           auto",
        "signals drift  3 asked",
        "symbols        ETHUSDT, BTCUSDT",
    ]
    assert msgspec.structs.asdict(auto)["venue"] == "paper"


def test_the_exchange_is_told_its_accounts_and_balances() -> None:
    """The engine's own account is always there; what can't be read is refused with what to write."""
    from engine.cli.exchange import options

    words = ["exchange", "--balance", "usdt=5", "--balance", "ETH=1.5", "--account", "ann:key:secret"]
    chosen = options(build_parser().parse_args(words))
    assert chosen.balances == {"USDT": "5", "ETH": "1.5"}
    assert [account.name for account in chosen.accounts] == ["paper", "ann"]
    for wrong in (["--balance", "much"], ["--account", "ann"], ["--account", "ann:key:@/no/such.pem"]):
        with pytest.raises(Refused):
            options(build_parser().parse_args(["exchange", *wrong]))


def test_the_exchange_is_told_how_real_to_be() -> None:
    """Fees in percent, latency, limits and where to keep the accounts; what isn't said stays as Binance has it."""
    from engine.cli.exchange import options

    words = "--maker-fee 0.02 --taker-fee 0 --latency-in 1.5 --latency-out 2 --weight-limit 0 --order-limit 5"
    chosen = options(build_parser().parse_args(["exchange", *words.split(), "--state", "x.json"]))
    assert (chosen.maker_fee_ppm, chosen.taker_fee_ppm, chosen.state) == (200, 0, Path("x.json"))
    assert (chosen.latency_in_ms, chosen.latency_out_ms) == (1.5, 2.0)
    assert (chosen.weight_limit_1m, chosen.order_limit_10s, chosen.connection_life_s) == (0, 5, 86_400.0)
    assert options(build_parser().parse_args(["exchange"])) == ExchangeOptions()
