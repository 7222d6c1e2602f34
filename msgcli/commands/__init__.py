"""One module, one command: `create.py` is `msgcli create`. They never import one another."""
