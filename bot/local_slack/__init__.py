"""A throwaway Slack on this machine, for whoever has no workspace at hand: installed, configured and run here."""
