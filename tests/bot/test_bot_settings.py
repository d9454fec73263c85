"""The bot's settings: read once, and one clear sentence for each mistake."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.settings import SLACK_URL, BadSettings, forget_proxies, load

REAL = {
    "SLACK_BOT_TOKEN": "xoxb-12-ab",
    "SLACK_APP_TOKEN": "xapp-1-A0-9-ff",
    "SLACK_CHANNEL": "#trading",
    "SLACK_ADMINS": "U0ANN, U0BEN",
}


def test_a_real_slack_needs_tokens_and_a_channel_and_the_rest_has_defaults(tmp_path: Path) -> None:
    settings = load(REAL, env_file=tmp_path / "none.env")
    assert (settings.api_url, settings.mode, settings.home) == (SLACK_URL, "socket", Path("var"))
    assert settings.admins == {"U0ANN", "U0BEN"}
    assert settings.traders == settings.viewers == frozenset()
    assert not settings.is_local


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("SLACK_CHANNEL=#other\nLOG_LEVEL=debug\n")
    settings = load(REAL, env_file)
    assert (settings.channel, settings.log_level) == ("#trading", "DEBUG")


def test_no_secret_is_in_its_text(tmp_path: Path) -> None:
    settings = load(REAL | {"SENTRY_DSN": "https://key@sentry.example/1"}, env_file=tmp_path / "none.env")
    assert not any(secret in repr(settings) for secret in settings.secrets)
    assert len(settings.secrets) == 4


def test_everything_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as refused:
        load({}, env_file=tmp_path / "none.env")
    sentences = str(refused.value).splitlines()
    assert [sentence.split()[0] for sentence in sentences] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_CHANNEL"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1", "must start with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1", "must start with xapp-"),
        ("SLACK_CHANNEL", "#", "SLACK_CHANNEL is missing"),
        ("SLACK_MODE", "pigeon", "write socket"),
        ("SLACK_MODE", "http", "SLACK_SIGNING_SECRET is missing"),
        ("SLACK_HTTP_PORT", "70000", "write a port"),
        ("SLACK_HTTP_PORT", "-1", "write a port"),
        ("SLACK_ADMINS", "alice", "write Slack user ids"),
        ("SLACK_API_URL", "ftp://slack.example", "write an address"),
        ("SLACK_API_URL", "http://slack.example/api/", "use https"),
        ("LOG_LEVEL", "LOUD", "write DEBUG"),
        ("DIGEST_AT", "7 o'clock", "write a time of the day"),
        ("DIGEST_AT", "24:00", "write a time of the day"),
        ("DIGEST_WEEKLY", "someday", "write a day"),
        ("TRADER_LOCAL_SLACK", "https://slack.com", "local Slack's page on this machine"),
        ("TRADER_LOCAL_SLACK", "http://192.0.2.1:3018", "local Slack's page on this machine"),
    ],
)
def test_a_mistake_is_refused_with_a_sentence(tmp_path: Path, name: str, value: str, says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        load(REAL | {name: value}, env_file=tmp_path / "none.env")


def test_the_local_slack_brings_its_own_tokens_people_and_channel(tmp_path: Path) -> None:
    settings = load({"TRADER_LOCAL_SLACK": "http://127.0.0.1:3018"}, env_file=tmp_path / "none.env")
    assert (settings.api_url, settings.channel, settings.is_local) == ("http://127.0.0.1:3018/api/", "C01TRADE", True)
    assert (settings.admins, settings.viewers) == ({"U01ALICE"}, {"U02BOB"})


def test_a_slack_on_this_machine_is_not_asked_through_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    forget_proxies(load(REAL, env_file=tmp_path / "none.env"))
    assert os.environ["HTTPS_PROXY"]
    forget_proxies(load({"TRADER_LOCAL_SLACK": "http://127.0.0.1:3018"}, env_file=tmp_path / "none.env"))
    assert "HTTPS_PROXY" not in os.environ


def test_digests_have_their_times_and_can_be_off(tmp_path: Path) -> None:
    def times(**values: str) -> tuple[int | None, int | None]:
        return load(REAL | values, env_file=tmp_path / "none.env").digests

    assert times() == (7 * 60, 0)
    assert times(DIGEST_AT="18:30 UTC", DIGEST_WEEKLY="Friday") == (18 * 60 + 30, 4)
    assert times(DIGEST_AT="off", DIGEST_WEEKLY="off") == (None, None)
