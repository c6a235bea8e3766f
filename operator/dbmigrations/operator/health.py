"""The operator's own small web server: /healthz, /readyz, /metrics.

    /healthz  200 while the process does its work; 503 names what it lost. The kubelet then restarts it.
    /readyz   200 once the resources were listed and workers run.
    /metrics  Prometheus' text format.

It answers from the operator's event loop: a blocked loop answers nothing, which is an answer too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbmigrations.operator.settings import Address

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Health(Protocol):
    """What the probes ask."""

    def ailments(self) -> list[str]:
        """What only a restart can mend; empty where all is well."""
        ...

    def ready(self) -> bool:
        """Whether resources are served."""
        ...


class HealthServer:
    """The web server. `start` raises OSError where the address cannot be taken."""

    def __init__(self, address: Address, health: Health, metrics: Callable[[], bytes]) -> None:
        self._address = address
        self._health = health
        self._metrics = metrics
        application = web.Application()
        application.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._serve_metrics),
            ]
        )
        self._runner = web.AppRunner(application, handle_signals=False, access_log=None, shutdown_timeout=1.0)

    async def start(self) -> int:
        """Begins to answer; the port that was taken."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._address.host or None, self._address.port).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Ends answering and closes every connection; may be called again."""
        await self._runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        ailments = self._health.ailments()
        return web.Response(status=503 if ailments else 200, text="\n".join(ailments) or "ok")

    async def _readyz(self, _request: web.Request) -> web.Response:
        ready = self._health.ready()
        return web.Response(status=200 if ready else 503, text="ok" if ready else "starting")

    async def _serve_metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), headers={"Content-Type": METRICS_TYPE})
