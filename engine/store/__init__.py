"""Remembers: the journal that is written before an order leaves, and the recorder of a session's inputs."""
