"""`etl deploy`: artifacts uploaded, stacks brought to their templates, columns and views to the contracts."""
