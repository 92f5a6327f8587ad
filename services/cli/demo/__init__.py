"""`handoff demo`: five short stories played over Kafka and checked in the databases. Start at `stories`."""
