"""A Unix command-line client for endpoints that speak the Anthropic Messages format."""

__version__ = "0.1.0"
