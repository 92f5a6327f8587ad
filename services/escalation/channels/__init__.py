"""How an alert reaches a person outside the inbox. `channel` says what a channel is, `sender` is the loop of each,
`email` is the one channel there is."""
