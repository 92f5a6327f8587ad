"""Figures of episodes, for teams and for one person. Start at `figures`; the groups are in `cells`, who sees what in
`trees`."""
