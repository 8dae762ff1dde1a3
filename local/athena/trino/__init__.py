"""Where DuckDB answers otherwise than Trino, Athena's engine: each module mends one kind of difference.

A mend is a function from a node of the tree, whose children are mended already, to what DuckDB is to read instead.
Where the answer depends on types that only DuckDB knows, it reads a macro (`macros`). What neither can answer rightly
is refused by name (`functions`, `refusals`). Pure.
"""
