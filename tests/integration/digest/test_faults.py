"""The digest survives: three real processes, a private database, and damage in mid-send."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.integration.digest.deployment import Deployment, deployed
from tests.integration.digest.faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.digest.invariants import Findings

IN_EVERY_TEST_RUN = 5


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Return the deployment that all rounds of this module share."""
    with deployed(tmp_path_factory.mktemp("digest")) as deployment:
        yield deployment


@pytest.mark.timeout(180)
@pytest.mark.parametrize("fault", FAULTS[:IN_EVERY_TEST_RUN], ids=lambda fault: fault.__name__)
def test_every_subscriber_gets_exactly_one_mail_whatever_fails(
    scene: Deployment, fault: Callable[[Deployment, Random], Findings]
) -> None:
    """After the fault the run ends, nobody got two mails or none, and nothing is left unknown."""
    findings = fault(scene, Random(fault.__name__))
    assert findings.broken == []
    assert findings.unknown == 0
