"""The process for people: it knows Slack, and of the engine only the wire."""
