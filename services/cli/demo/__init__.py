"""`handoff demo`: short stories played over Kafka and checked in the databases. Start at `stories`."""
