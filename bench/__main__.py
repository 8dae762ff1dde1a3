"""`python -m bench`: every benchmark, one table each."""

from bench import ingestion

if __name__ == "__main__":
    ingestion.run()
