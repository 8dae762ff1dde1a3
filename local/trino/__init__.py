"""Trino itself, the engine that Athena runs: its grammar for every test run, its server where it is asked for.

The jars are pinned in jars.txt (`jars`) and run on the Java that Spark runs on (`jvm`). `grammar` says what Trino's
parser refuses; `server` answers queries over tables in memory.
"""
