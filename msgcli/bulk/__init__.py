"""`map`: many records through one endpoint, and what is kept of each."""
