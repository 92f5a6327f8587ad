"""Why customers leave: the seller's reason, the customer's own, and what the events show. Start at `columns`."""
