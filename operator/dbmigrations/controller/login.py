"""How the operator reaches and convinces its API server: a kubeconfig, or the Pod's own ServiceAccount."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from dbmigrations.controller.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping


_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


class LoginError(ClusterError):
    """Neither a kubeconfig nor a ServiceAccount was usable."""


async def load(kubeconfig: Path | None, environment: Mapping[str, str] = os.environ) -> Configuration:
    """The connection and its credentials, read anew: tokens and certificates rotate.

    A kubeconfig named explicitly wins, then KUBECONFIG, then the Pod's ServiceAccount, then ~/.kube/config.

    Raises:
        LoginError: where none of them can be read.
    """
    configuration = Configuration()
    # Or else ~/.netrc is read for each request, in a thread, and may take the place of the token.
    configuration.client_session_kwargs = {"trust_env": any(environment.get(name) for name in _PROXIES)}
    chosen = kubeconfig or _from_environment(environment)
    try:
        if chosen is None and environment.get("KUBERNETES_SERVICE_HOST"):
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            return configuration
        await config.load_kube_config(  # type: ignore[no-untyped-call]
            config_file=str(chosen or "~/.kube/config"),
            client_configuration=configuration,
            persist_config=False,
        )
    except (config.ConfigException, OSError) as error:
        where = chosen or "the Pod's ServiceAccount or ~/.kube/config"
        raise LoginError(f"no usable credentials for the API server in {where}: {error}") from None
    return configuration


def _from_environment(environment: Mapping[str, str]) -> Path | None:
    path = environment.get("KUBECONFIG", "").split(os.pathsep)[0]
    return Path(path) if path else None
