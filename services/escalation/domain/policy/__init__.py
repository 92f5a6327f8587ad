"""The policy: every threshold, deadline, ladder, play and limit as one document. Start at `model.Policy`."""
