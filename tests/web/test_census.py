"""Counts that hold for all templates, errors and routes, those to come included."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from oracle.app import ROOT
from oracle.domain import errors as domain_errors
from oracle.web import refusals
from oracle.web.assets import read_assets
from oracle.web.errors import KINDS, all_kinds, describe_error, find_kind
from oracle.web.rendering import build_templates

if TYPE_CHECKING:
    from quart import Quart

TEMPLATES = ROOT / "templates"
NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
# A backtest's report and a mail are files of their own, which need nothing of the site.
NO_PAGES = ("base.html", "macros/", "backtest/", "email/")
PAGES = [name for name in NAMES if not name.startswith(NO_PAGES)]
NOT_OF_THE_WEB = {
    domain_errors.OracleError,
    domain_errors.SettingsError,  # Stops the start, long before a request.
    domain_errors.TargetSessionClosed,  # A defect if it ever reaches a page.
    refusals.Refusal,
    domain_errors.UnknownSubscriber,  # Only the command line asks by address.
    domain_errors.StaleEpoch,  # Between leaders, never in a request.
    # Mail is sent by the scheduler and by commands.
    *(domain_errors.MailError, domain_errors.RecipientRefused, domain_errors.MailThrottled),
    *(domain_errors.MailNotSent, domain_errors.MailingPaused, domain_errors.MailOutcomeUnknown),
    domain_errors.MailingRefused,
}


@pytest.mark.parametrize("name", NAMES)
def test_every_template_compiles(name: str) -> None:
    """No template has a syntax error."""
    environment = build_templates(TEMPLATES, read_assets(ROOT / "static"), reload=False)
    environment.get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_stands_in_the_frame_that_has_a_title(name: str) -> None:
    """Each page extends the base, whose title and description every view must fill."""
    source = (TEMPLATES / name).read_text()
    assert source.startswith('{% extends "base.html" %}')
    assert "<h1" in source or "<h1" in (TEMPLATES / "macros" / "ranking.html").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_no_template_switches_escaping_off(name: str) -> None:
    """Escaping has no exception: not by filter, not by block, not by inline code."""
    source = (TEMPLATES / name).read_text()
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", source)
    assert not re.search(r"\sstyle=|\son[a-z]+=|hx-on|<script>|javascript:|hx-vals='js", source)


def test_every_deliberate_error_is_in_the_table() -> None:
    """A new error of the domain or the web gets a status before it can reach a visitor."""
    known = {
        error
        for module in (domain_errors, refusals)
        for error in vars(module).values()
        if isinstance(error, type) and issubclass(error, domain_errors.OracleError)
    }
    assert {error for error in known if find_kind(error) is None} == NOT_OF_THE_WEB
    assert set(KINDS) <= known


def test_kinds_of_problems_have_one_status_each() -> None:
    """A kind's name in addresses stands for one status and one title."""
    kinds = all_kinds()
    assert len({kind.slug for kind in kinds}) == len(kinds)
    for kind in KINDS.values():
        assert 400 <= kind.status < 600


def test_what_is_not_foreseen_is_a_fault_of_ours() -> None:
    """An unknown error is a 500 whose words say nothing of its inside."""
    problem = describe_error(ZeroDivisionError("divided by a secret"))
    assert problem.kind.status == 500
    assert "secret" not in problem.detail


def test_no_route_redirects_by_itself(app: Quart) -> None:
    """Routes have no trailing slash, since the framework's redirects would repeat the host."""
    for rule in app.url_map.iter_rules():
        assert rule.rule == "/" or not rule.rule.endswith("/")
