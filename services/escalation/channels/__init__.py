"""How an alert reaches a person outside the inbox: e-mail. Start at `deliveries`."""
