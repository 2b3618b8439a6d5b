"""TLS for tests: a certificate that nobody has signed, for a name that is not ours, as a private server has it."""

from __future__ import annotations

import ssl
from pathlib import Path

from standin import StandIn

# made for these tests and used nowhere else
_PEM = """\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIHeBZ9BnTh5e8tHZ28z7qB9c+VYwuH3mMYWX0ToHOAfxoAoGCCqGSM49
AwEHoUQDQgAED5XqLSNN3rPx73H7dWEp2WWD5JJsQRfc1CbH6nTA9IblaXqWbtYa
KUVcy6Rrz477kfdCQrQUKKWI4qQorVbSVw==
-----END EC PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBkjCCATegAwIBAgIUG0ZoRpqUmbIa6Iwqz1mzPNVl7dYwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSc2VsZnNpZ25lZC5pbnZhbGlkMCAXDTI2MTEyMjExMjgyM1oY
DzIxMjYxMDI5MTEyODIzWjAdMRswGQYDVQQDDBJzZWxmc2lnbmVkLmludmFsaWQw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQPleotI03es/Hvcft1YSnZZYPkkmxB
F9zUJsfqdMD0huVpepZu1hopRVzLpGvPjvuR90JCtBQopYjipCitVtJXo1MwUTAd
BgNVHQ4EFgQUnuMbd5cZV3c4MF8Ua8BLeHHjSgIwHwYDVR0jBBgwFoAUnuMbd5cZ
V3c4MF8Ua8BLeHHjSgIwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBG
AiEApO9KYfZq/uAMT9Y5oCYYoljzr3IBV/GRObFnNmla4soCIQDgATWZbqcB4gJA
umsUREeWvdTmYGVMo5VnxXjtRngraw==
-----END CERTIFICATE-----
"""


def pem(folder: Path) -> Path:
    """Key and certificate in one file."""
    path = folder / "selfsigned.pem"
    path.write_text(_PEM)
    return path


def secured(server: StandIn, folder: Path) -> StandIn:
    """The stand-in, before it is entered, with TLS on its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem(folder))
    server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
    server.url = server.url.replace("http:", "https:")
    return server
