"""The Messages wire format. Nothing here reads a file, opens a socket or knows a command line."""
