"""The contract between people and trading: every command and event that may cross, and their codec."""
