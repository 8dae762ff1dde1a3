"""`etl contracts`: what events may say, and whether a change of it only widens."""
