"""The deciding room: no socket, no clock, no log, no environment, no randomness, no await."""
