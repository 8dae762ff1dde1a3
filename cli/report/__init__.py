"""`etl report`: the shipped queries as one page."""
