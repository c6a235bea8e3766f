"""Rehearsing: every migration up, down and up again on a scratch database, looked at after each turn."""
