"""An exchange of our own, in its own process, speaking Binance's spot protocol: pure matching, a tape, a server."""
