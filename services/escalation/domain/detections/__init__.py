"""Finds the signals that an account's facts imply, regardless of their order of arrival. One rule per file."""
