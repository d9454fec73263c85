"""The `trader` command: starts the processes, and is the second door when Slack is down."""
