"""Every event that crosses a service's border: start at `catalog.py`, then the module of its publisher."""
