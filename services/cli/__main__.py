"""`python -m services.cli` is the `handoff` command."""

from services.cli.entry import main

if __name__ == "__main__":
    main()
