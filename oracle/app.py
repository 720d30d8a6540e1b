"""Puts the website together: routes, checks, templates, static files and lifespans."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quart import Quart

from oracle.observability import measurements
from oracle.web.access_log import AccessLog
from oracle.web.admission import Admission, allowed_hosts
from oracle.web.assets import read_assets
from oracle.web.blueprints.about import about
from oracle.web.blueprints.admin import admin
from oracle.web.blueprints.api import api
from oracle.web.blueprints.crawlers import crawlers
from oracle.web.blueprints.design import design
from oracle.web.blueprints.digests import digests
from oracle.web.blueprints.health import health
from oracle.web.blueprints.home import home
from oracle.web.blueprints.images import images
from oracle.web.blueprints.live import live
from oracle.web.blueprints.reference import reference
from oracle.web.blueprints.search import search
from oracle.web.blueprints.static_files import static_files
from oracle.web.blueprints.stocks import stocks
from oracle.web.blueprints.subscribers import subscribers
from oracle.web.blueprints.track_record import track_record
from oracle.web.client_address import TrustedProxies
from oracle.web.contexts.admin import IMAGES
from oracle.web.delivery import install_delivery
from oracle.web.gatekeeping import install_gatekeeping
from oracle.web.live.watching import build_hub
from oracle.web.problems import install_problems
from oracle.web.rate_limits import install_rate_limits
from oracle.web.rendering import build_templates
from oracle.web.security_headers import SecurityHeaders
from oracle.web.site import Site, install_site
from oracle.web.uploads import largest_body
from oracle.web.use_cases import bind_use_cases
from oracle.web.visitors import Visitors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from oracle.services.dependencies import Dependencies
    from oracle.settings import Settings
    from oracle.web.use_cases import UseCases

    Lifespan = Callable[[], AbstractAsyncContextManager[Any]]

ROOT = Path(__file__).resolve().parent.parent
BLUEPRINTS = (
    home,
    stocks,
    live,
    search,
    track_record,
    about,
    digests,
    subscribers,
    api,
    reference,
    health,
    static_files,
    crawlers,
    images,
)


def create_app(
    dependencies: Dependencies,
    lifespans: Sequence[Lifespan] = (),
    *,
    use_cases: UseCases | None = None,
) -> Quart:
    """Return the application, ready to be served.

    Each of `lifespans` is entered at start and left, in reverse order, when serving ends.
    `use_cases` replaces the services, which is what tests of single pages do.
    """
    site = _build_site(dependencies.settings, use_cases or bind_use_cases(dependencies))
    app = Quart("oracle", static_folder=None, template_folder=None)
    # Both would answer by a redirect that repeats the host the client named.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    install_site(app, site)
    install_problems(app)
    install_gatekeeping(app, uploads=_list_uploads(dependencies.settings))
    install_rate_limits(app)
    install_delivery(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if dependencies.settings.admin_password_hash.get_secret_value():
        app.register_blueprint(admin)
    if not dependencies.settings.is_production:
        app.register_blueprint(design)
    measurements.show_routes((rule.rule, rule.methods or ()) for rule in app.url_map.iter_rules())
    _install_lifespans(app, site, lifespans)
    _wrap(app, dependencies.settings)
    return app


def _list_uploads(settings: Settings) -> dict[str, int]:
    if not settings.admin_password_hash.get_secret_value():
        return {}
    return {IMAGES: largest_body(settings.image_max_bytes)}


def _build_site(settings: Settings, use_cases: UseCases) -> Site:
    watch = not settings.is_production
    assets = read_assets(ROOT / "static", watch=watch)
    templates = build_templates(
        ROOT / "templates", assets, reload=watch, image_base_url=settings.image_base_url or ""
    )
    templates.globals["streams_prices"] = settings.live_viewers > 0
    hub = build_hub(settings, use_cases)
    use_cases.on_drain(hub.close)
    return Site(
        settings=settings, use_cases=use_cases, templates=templates, assets=assets, live=hub
    )


def _install_lifespans(app: Quart, site: Site, lifespans: Sequence[Lifespan]) -> None:
    entered = AsyncExitStack()

    @app.before_serving
    async def enter() -> None:
        async with AsyncExitStack() as entering:
            for lifespan in lifespans:
                await entering.enter_async_context(lifespan())
            # Left first: what pages have started still needs what the lifespans hold open.
            entering.push_async_callback(site.aclose)
            entered.push_async_callback(entering.pop_all().aclose)

    app.after_serving(entered.aclose)


def _wrap(app: Quart, settings: Settings) -> None:
    """Put the layers around the application that must see every request and every answer."""
    hosts = allowed_hosts(settings)
    fallback = settings.base_url.partition("://")[2].partition("/")[0]
    layers = Admission(Visitors(app.asgi_app), hosts=hosts, fallback_host=fallback)
    addressed = TrustedProxies(layers, count=settings.trusted_proxies)
    secured = SecurityHeaders(
        addressed, production=settings.is_production, image_origin=settings.image_base_url
    )
    # The framework's documented way to add middleware.
    app.asgi_app = AccessLog(secured)  # type: ignore[assignment,method-assign]
