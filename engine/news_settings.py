"""Reads ``[news]`` of ``trader.toml``, with its secrets from the environment, for ``settings``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.environment import Named, SettingsError
from engine.news.config import NewsConfigError, parse_news_config, secrets_of
from engine.secret import Secret


def read_news(named: Named) -> dict[str, Any]:
    """Return what ``[news]`` says, by the names of its settings; raises SettingsError."""
    path = named.path("TRADER_CONFIG", "trader.toml")
    if path is None or not path.is_file():
        return {}
    try:
        news = parse_news_config(path.read_text(encoding="utf-8"), path.name)
    except NewsConfigError as error:
        raise SettingsError(str(error)) from None
    secrets = tuple((name, Secret(named.text(name))) for name in secrets_of(news))
    for name, secret in secrets:
        if not secret:
            raise SettingsError(f"{name} is missing: {path.name} says that a source of news needs it.")
    rules = (path.parent / Path(news.rules).expanduser()).absolute() if news.rules else None
    if rules is not None and not rules.is_file():
        raise SettingsError(f"rules in [news] of {path.name} names {rules}, which is no file: correct it, or leave it.")
    return {"news": news, "news_secrets": secrets, "rules_file": rules}
