"""The application on a scene of the market, without a server."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from oracle.app import create_app
from oracle.settings import load_settings
from oracle.web.site import SITE, install_site
from tests.web.scenes import Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from quart import Quart
    from quart.typing import TestClientProtocol

    from oracle.services.dependencies import Dependencies
    from oracle.web.site import Site

    BuildApp = Callable[..., Quart]

BASE_URL = "https://oracle.example"
IMPATIENT = 0.02
PRODUCTION = {
    "environment": "production",
    "market": "yahoo",
    "secret_key": "x" * 32,
    "database_url": "mysql://oracle:oracle@database/oracle",
}


@pytest.fixture
def scene() -> Scene:
    """Return a market in which everything works."""
    return Scene()


@pytest.fixture
def build_app(scene: Scene) -> BuildApp:
    """Return what makes the application of the scene, with settings of the test's choice."""

    def build(**settings: object) -> Quart:
        chosen = load_settings(**{"base_url": BASE_URL, **settings})
        dependencies = cast("Dependencies", SimpleNamespace(settings=chosen))
        app = create_app(dependencies, use_cases=scene.use_cases())
        site: Site = app.extensions[SITE]
        install_site(app, replace(site, patience=IMPATIENT))
        return app

    return build


@pytest.fixture
def app(build_app: BuildApp) -> Quart:
    """Return the application as it is in development."""
    return build_app()


@pytest.fixture
def client(app: Quart) -> TestClientProtocol:
    """Return a client of the application."""
    return app.test_client()
