"""Certificates of a test's own: an authority, a server on 127.0.0.1 and a client, made by openssl."""

import subprocess
from pathlib import Path

_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"


def make_certificates(folder: Path) -> tuple[Path, Path]:
    """Make them; return the server's folder and the client's, each with ca.pem, cert.pem and key.pem."""
    _openssl(folder, f"req -x509 {_KEY} -subj /CN=authority -keyout ca-key.pem -out ca.pem")
    made = []
    for name, extension in (
        ("server", "subjectAltName=IP:127.0.0.1"),
        ("client", "extendedKeyUsage=clientAuth"),
    ):
        own = folder / name
        own.mkdir()
        _openssl(
            folder,
            f"req -x509 {_KEY} -CA ca.pem -CAkey ca-key.pem -subj /CN={name} -addext {extension}"
            f" -addext basicConstraints=critical,CA:FALSE -keyout {name}/key.pem -out {name}/cert.pem",
        )
        (own / "ca.pem").write_bytes((folder / "ca.pem").read_bytes())
        made.append(own)
    return made[0], made[1]


def _openssl(folder: Path, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True)
