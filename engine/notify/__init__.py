"""Reaches people outside Slack: by e-mail, phone, or whatever an address in ``NOTIFY_URLS`` names."""
