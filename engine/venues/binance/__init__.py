"""Binance spot: bytes to core types and back, market streams, orders over the WebSocket API, and the account."""
