"""The paper exchange's doors: Binance's REST, market streams and WebSocket API over loopback, with aiohttp."""
