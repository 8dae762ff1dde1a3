"""The demo shop: its events, some of them broken, and the reference data that they are looked up in."""
