"""`batches`: the same records through the Message Batches endpoint."""
