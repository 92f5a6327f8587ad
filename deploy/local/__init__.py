"""Real servers on one machine without Docker, as child processes: Kafka, Postgres, mail. See machine.py."""
