"""The local endpoint: a second reading of the Messages format that knows nothing of the client."""
