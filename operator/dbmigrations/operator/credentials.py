"""The same credentials for Kopf's watches as for our own calls, read anew whenever Kopf asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import kopf

from dbmigrations.controller.login import load

if TYPE_CHECKING:
    from pathlib import Path


async def connection(kubeconfig: Path | None) -> kopf.ConnectionInfo:
    """What Kopf connects with. It asks at the start and after each 401, so rotated tokens are picked up.

    Raises:
        LoginError: where there are no usable credentials.
    """
    found = await load(kubeconfig)
    header = await found.get_api_key_with_prefix("BearerToken") or ""
    scheme, _, token = header.partition(" ")
    return kopf.ConnectionInfo(
        server=found.host,
        ca_path=found.ssl_ca_cert,
        insecure=not found.verify_ssl,
        username=found.username or None,
        password=found.password or None,
        scheme=scheme.capitalize() if token else None,
        token=token or None,
        certificate_path=found.cert_file,
        private_key_path=found.key_file,
        proxy_url=found.proxy,
    )
