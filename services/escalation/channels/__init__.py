"""Channels: how an alert reaches a person outside the inbox. `channel` defines a channel, `sender` is its loop, and
`email` and `web_push` are the channels."""
