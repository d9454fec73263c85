"""What the paper exchange is when nobody says otherwise: its one account, its key, its fees and its port."""

from __future__ import annotations

from typing import Final

PAPER_ACCOUNT: Final = "paper"
PAPER_API_KEY: Final = "paperpaperpaperpaperpaperpaperpaperpaperpaperpaperpaperpaperkey0"
"""A name, not a secret: it opens play money on this machine's loopback and nothing else. Binance's have 64 letters."""
PAPER_API_SECRET: Final = "papersecretpapersecretpapersecretpapersecretpapersecretpapersec0"  # noqa: S105 - play money
PAPER_BALANCES: Final = {"USDT": "100000"}
PAPER_HOST: Final = "127.0.0.1"
PAPER_PORT: Final = 8790
MAKER_FEE_PPM: Final = 1_000
TAKER_FEE_PPM: Final = 1_000
"""Parts per million: 0.1 %, Binance's for an account without discounts. Source: Binance, "Trading Fees", VIP 0."""
