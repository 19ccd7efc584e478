"""Summaries at fixed times: when they are due, what changed since the last one, and the picture of the last days."""
