"""Certificates for the tests' TLS servers, which lie beside as PEM files so that no tool is needed.

`authority.pem` signed all but `stranger.pem`, which is another authority. All are valid from 2020
to 2120, except `expired.pem`, which was in January 2020. The key of all that were signed is
`server.key`; `encrypted.key` is the same behind a pass phrase.
"""

from __future__ import annotations

import ssl
from pathlib import Path

FOLDER = Path(__file__).parent / "certificates"
AUTHORITY = str(FOLDER / "authority.pem")
STRANGER = str(FOLDER / "stranger.pem")
CLIENT = str(FOLDER / "client.pem")
KEY = str(FOLDER / "server.key")
ENCRYPTED_KEY = str(FOLDER / "encrypted.key")


def server(name: str = "server", *, asks_for_client: bool = False) -> ssl.SSLContext:
    """What a server shows: `server` is for localhost, 127.0.0.1 and api.example, `elsewhere` for
    another host, `expired` for localhost once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / f"{name}.pem", KEY)
    if asks_for_client:
        context.load_verify_locations(AUTHORITY)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
