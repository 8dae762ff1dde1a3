"""`python -m cli.export`: writes what has its source in notebooks, contracts and queries, and tells what differs."""
