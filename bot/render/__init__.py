"""How it looks: pure functions from the wire's views to Slack messages."""
