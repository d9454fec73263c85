"""The bot's only reader of the environment: read once at start, refused with one clear sentence for each mistake."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from dotenv import dotenv_values

from bot.charts import ThemeName
from bot.local_slack import workspace

SLACK_URL: Final = "https://slack.com/api/"
Mode = Literal["socket", "http"]
_LEVELS: Final = frozenset({"DEBUG", "INFO", "WARNING", "ERROR"})
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_USER_ID: Final = re.compile(r"[UW][A-Z0-9]{2,}")
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OFF: Final = "off"
_PROXY_NAMES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


class BadSettings(ValueError):
    """Settings that can't work; the text has one sentence a line."""


class DigestTimes(NamedTuple):
    """When digests are posted, by UTC; None for never."""

    minute: int | None
    """Of the day."""
    weekday: int | None
    """Of the weekly one; 0 is Monday."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the bot was told. Secrets are kept out of its repr."""

    api_url: str
    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    channel: str
    """An id (``C0123``) or a name (``#trading``)."""
    mode: Mode
    http_port: int
    admins: frozenset[str]
    traders: frozenset[str]
    viewers: frozenset[str]
    sentry_dsn: str = field(repr=False)
    log_level: str
    chart_theme: ThemeName
    digests: DigestTimes
    home: Path
    is_local: bool
    """True for the embedded local Slack, whose admin has that role on a paper account only."""

    @property
    def gap_s(self) -> float:
        """Seconds between messages: Slack takes about one a second in a channel, the embedded one any number."""
        return 0.01 if self.is_local else 1.0

    @property
    def home_gap_s(self) -> float:
        """Seconds between two publications of everybody's App Home."""
        return 0.05 if self.is_local else 2.0

    @property
    def curve_gap_s(self) -> float:
        """Seconds between two pictures of the account's worth for App Home; each is a file in the workspace."""
        return 10.0 if self.is_local else 300.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that may appear in no log."""
        of_sentry = urlsplit(self.sentry_dsn).username
        kept = (self.bot_token, self.app_token, self.signing_secret, self.sentry_dsn, of_sentry)
        return tuple(filter(None, kept))


def load(environ: Mapping[str, str] | None = None, env_file: Path = Path(".env")) -> Settings:
    """Read the settings from the environment, and from ``.env`` where it says nothing; raises BadSettings."""
    from_file = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    values = from_file | dict(os.environ if environ is None else environ)
    return _embedded(values) if values.get("TRADER_LOCAL_SLACK") else _configured(values)


def forget_proxies(settings: Settings) -> None:
    """Take the proxies out of this process's environment where Slack is on this machine.

    slack_sdk sends even a request to 127.0.0.1 through HTTPS_PROXY, for ``respond()`` too, and knows no NO_PROXY.
    """
    if urlsplit(settings.api_url).hostname in _LOOPBACK:
        for name in _PROXY_NAMES:
            os.environ.pop(name, None)


def _embedded(values: Mapping[str, str]) -> Settings:
    page = urlsplit(values["TRADER_LOCAL_SLACK"])
    if page.scheme != "http" or page.hostname not in _LOOPBACK:
        raise BadSettings("TRADER_LOCAL_SLACK must be the local Slack's page on this machine: http://127.0.0.1:PORT.")
    mistakes: list[str] = []
    settings = Settings(
        api_url=f"http://{page.netloc}/api/",
        bot_token=workspace.BOT_TOKEN,
        app_token=workspace.APP_TOKEN,
        signing_secret=workspace.SIGNING_SECRET,
        channel=workspace.CHANNEL,
        mode="socket",
        http_port=0,
        admins=frozenset({workspace.ADMIN}),
        traders=frozenset(),
        viewers=frozenset({workspace.VIEWER}),
        sentry_dsn=values.get("SENTRY_DSN", ""),
        log_level=_level(values, mistakes),
        chart_theme=_theme(values, mistakes),
        digests=_digests(values, mistakes),
        home=_home(values),
        is_local=True,
    )
    return _unless(mistakes, settings)


def _configured(values: Mapping[str, str]) -> Settings:
    mistakes: list[str] = []
    mode = _mode(values, mistakes)
    settings = Settings(
        api_url=_api_url(values, mistakes),
        bot_token=_token(values, "SLACK_BOT_TOKEN", "xoxb-", "OAuth & Permissions", mistakes),
        app_token=_token(values, "SLACK_APP_TOKEN", "xapp-", "Basic Information", mistakes) if mode == "socket" else "",
        signing_secret=_signing_secret(values, mistakes) if mode == "http" else "",
        channel=_channel(values, mistakes),
        mode=mode,
        http_port=_port(values, mistakes),
        admins=_people(values, "SLACK_ADMINS", mistakes),
        traders=_people(values, "SLACK_TRADERS", mistakes),
        viewers=_people(values, "SLACK_VIEWERS", mistakes),
        sentry_dsn=values.get("SENTRY_DSN", ""),
        log_level=_level(values, mistakes),
        chart_theme=_theme(values, mistakes),
        digests=_digests(values, mistakes),
        home=_home(values),
        is_local=False,
    )
    return _unless(mistakes, settings)


def _unless(mistakes: list[str], settings: Settings) -> Settings:
    if mistakes:
        raise BadSettings("\n".join(mistakes))
    return settings


def _mode(values: Mapping[str, str], mistakes: list[str]) -> Mode:
    text = values.get("SLACK_MODE") or "socket"
    for mode in get_args(Mode):
        if text.lower() == mode:
            return mode  # type: ignore[no-any-return]  # get_args forgets the type
    mistakes.append(f"SLACK_MODE is {text!r}: write socket (no public address needed) or http.")
    return "socket"


def _api_url(values: Mapping[str, str], mistakes: list[str]) -> str:
    url = values.get("SLACK_API_URL") or SLACK_URL
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        mistakes.append(f"SLACK_API_URL is {url!r}: write an address like {SLACK_URL}.")
    elif parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        mistakes.append("SLACK_API_URL would send the token unencrypted to another machine: use https.")
    return url.rstrip("/") + "/"


def _token(values: Mapping[str, str], name: str, prefix: str, page: str, mistakes: list[str]) -> str:
    token = values.get(name, "").strip()
    if not token:
        mistakes.append(f"{name} is missing: copy it from your Slack app's page {page!r} into .env.")
    elif not token.startswith(prefix):
        mistakes.append(f"{name} must start with {prefix}: copy it from your Slack app's page {page!r}.")
    return token


def _signing_secret(values: Mapping[str, str], mistakes: list[str]) -> str:
    secret = values.get("SLACK_SIGNING_SECRET", "").strip()
    if not secret:
        # Bolt starts happily with an empty one and then answers every request with 500.
        mistakes.append("SLACK_SIGNING_SECRET is missing: SLACK_MODE=http needs it, from 'Basic Information'.")
    return secret


def _channel(values: Mapping[str, str], mistakes: list[str]) -> str:
    channel = values.get("SLACK_CHANNEL", "").strip()
    if not channel.removeprefix("#"):
        mistakes.append("SLACK_CHANNEL is missing: write the channel's id (C0123456789) or its name (#trading).")
    return channel


def _port(values: Mapping[str, str], mistakes: list[str]) -> int:
    text = values.get("SLACK_HTTP_PORT") or "3000"
    if text.isascii() and text.isdigit() and int(text) <= 65_535:
        return int(text)
    mistakes.append(f"SLACK_HTTP_PORT is {text!r}: write a port from 1 to 65535.")
    return 0


def _people(values: Mapping[str, str], name: str, mistakes: list[str]) -> frozenset[str]:
    people = frozenset(filter(None, (word.strip() for word in values.get(name, "").split(","))))
    mistakes.extend(
        f"{name} has {person!r}: write Slack user ids like U0123ABCD, with commas between them."
        for person in sorted(people)
        if not _USER_ID.fullmatch(person)
    )
    return people


def _theme(values: Mapping[str, str], mistakes: list[str]) -> ThemeName:
    theme = values.get("SLACK_CHART_THEME") or "light"
    if theme not in ("light", "dark"):
        mistakes.append(f"SLACK_CHART_THEME is {theme!r}: use light or dark.")
    return "dark" if theme == "dark" else "light"


def _digests(values: Mapping[str, str], mistakes: list[str]) -> DigestTimes:
    at = (values.get("DIGEST_AT") or "07:00").lower().removesuffix("utc").strip()
    day = (values.get("DIGEST_WEEKLY") or _WEEKDAYS[0]).lower()[:3]
    clock = _CLOCK.fullmatch(at)
    if clock is None and at != _OFF:
        mistakes.append(f"DIGEST_AT is {at!r}: write a time of the day by UTC, like 07:00, or off.")
    if day not in (*_WEEKDAYS, _OFF):
        mistakes.append(f"DIGEST_WEEKLY is {day!r}: write a day, one of {', '.join(_WEEKDAYS)}, or off.")
    minute = int(clock[1]) * 60 + int(clock[2]) if clock is not None else None
    return DigestTimes(minute, _WEEKDAYS.index(day) if day in _WEEKDAYS else None)


def _level(values: Mapping[str, str], mistakes: list[str]) -> str:
    level = (values.get("LOG_LEVEL") or "INFO").upper()
    if level not in _LEVELS:
        mistakes.append(f"LOG_LEVEL is {level!r}: write DEBUG, INFO, WARNING or ERROR.")
    return level


def _home(values: Mapping[str, str]) -> Path:
    return Path(values.get("TRADER_HOME") or "var")
