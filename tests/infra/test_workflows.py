"""What runs on GitHub: files that their published schemas accept, pinned, and with few rights."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.changes_of_version import CHANGELOG, PROJECT, changes_of, require_version

ROOT = Path(__file__).parent.parent.parent
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
SCHEMA = Path(sys.executable).with_name("check-jsonschema")
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
OWN = re.compile(r"uses: \./\S+$")
OWN_FILES = re.compile(r"(?:\.ci|scripts)/[\w.]+")


def load(path: Path) -> dict[str, Any]:
    """Return the file's content."""
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def accepts(schema: str, *paths: Path) -> tuple[bool, str]:
    """Return whether the published schema accepts the files, and what it says."""
    done = subprocess.run(
        [SCHEMA, "--builtin-schema", schema, *paths], capture_output=True, text=True, check=False
    )
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("vendor.github-workflows", "workflows/*.yml"),
        ("custom.github-workflows-require-timeout", "workflows/[!r]*.yml"),
        ("vendor.dependabot", "dependabot.yml"),
        ("vendor.github-issue-forms", "ISSUE_TEMPLATE/[!c]*.yml"),
        ("vendor.github-issue-config", "ISSUE_TEMPLATE/config.yml"),
    ],
)
def test_published_schemas_accept_the_files(schema: str, pattern: str) -> None:
    """Every file is what GitHub says such a file is."""
    files = sorted(GITHUB.glob(pattern))
    assert files
    accepted, said = accepts(schema, *files)
    assert accepted, said


def test_a_schema_refuses_a_damaged_workflow(tmp_path: Path) -> None:
    """The check above can fail."""
    damaged = tmp_path / "damaged.yml"
    damaged.write_text("on: push\njobs:\n  check:\n    run-on: ubuntu-24.04\n")
    accepted, said = accepts("vendor.github-workflows", damaged)
    assert not accepted
    assert "runs-on" in said or "valid under" in said


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_hash(path: Path) -> None:
    """A tag can be moved to other code, a commit cannot; the version stands beside it."""
    lines = [line.strip() for line in path.read_text().splitlines() if "uses:" in line]
    assert lines
    loose = [line for line in lines if not PINNED.search(line) and not OWN.search(line)]
    assert loose == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_rights_are_given_job_by_job(path: Path) -> None:
    """A workflow reads the code and no more; who writes or proves who it is says so in its job."""
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        rights = job.get("permissions", {})
        assert set(rights) <= {"contents", "id-token"}


def test_no_workflow_keeps_a_key() -> None:
    """AWS is reached by a short-lived token; there is no secret to lose."""
    for path in WORKFLOWS:
        assert "secrets." not in path.read_text()
    for name in ("image", "deploy"):
        steps = next(iter(reversed(load(GITHUB / f"workflows/{name}.yml")["jobs"].values())))[
            "steps"
        ]
        (trust,) = (each for each in steps if "configure-aws" in each.get("uses", ""))
        assert trust["with"]["role-to-assume"].startswith("${{ vars.")


def test_a_long_session_is_allowed_by_the_role() -> None:
    """A role lasts an hour unless it was made for longer; how is said where it is made."""
    typed = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    asked = {
        int(step["with"]["role-duration-seconds"])
        for path in WORKFLOWS
        for job in load(path)["jobs"].values()
        for step in job.get("steps", [])
        if "role-duration-seconds" in step.get("with", {})
    }
    assert asked
    for seconds in asked:
        assert seconds <= 3600 or f"--max-session-duration {seconds}" in typed
    for said in (
        '"Federated": "$(terraform -chdir=infra/terraform output -raw github_oidc_provider_arn)"',
        '"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"',
        '"token.actions.githubusercontent.com:sub": "repo:OWNER/REPOSITORY:environment:production"',
    ):
        assert said in typed


def test_what_was_not_checked_is_neither_pushed_nor_released() -> None:
    """The image and the release wait for the check of the same commit."""
    for name, job in (("image", "image"), ("release", "release")):
        jobs = load(GITHUB / f"workflows/{name}.yml")["jobs"]
        assert jobs["check"]["uses"] == "./.github/workflows/check.yml"
        assert jobs[job]["needs"] == "check"


def test_an_environment_is_closed_before_a_role_trusts_it() -> None:
    """The role asks for a name alone, so that who may use the name is settled first."""
    typed = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    job = load(GITHUB / "workflows/deploy.yml")["jobs"]["deploy"]
    assert f":environment:{job['environment']}" in typed
    rules = f"environments/{job['environment']}/deployment-branch-policies"
    closed = re.search(
        rf'"reviewers": \[\{{.+\}}\],\s+"deployment_branch_policy": .+?{rules} \\\s+-f name=main ',
        typed,
        re.DOTALL,
    )
    assert closed
    assert closed.end() < typed.index("aws iam create-role --role-name deployer")


def test_a_commit_is_not_cancelled_by_the_next() -> None:
    """A group keeps one run waiting, so that only commits of a proposed branch may share one."""
    assert load(GITHUB / "workflows/image.yml")["concurrency"] == {
        "group": "image-${{ github.sha }}"
    }
    proposed = "github.event_name == 'pull_request'"
    assert load(GITHUB / "workflows/check.yml")["concurrency"] == {
        "group": "check-${{ github.workflow }}-"
        f"${{{{ {proposed} && github.ref || github.sha }}}}",
        "cancel-in-progress": f"${{{{ {proposed} }}}}",
    }


def test_a_commit_is_checked_once() -> None:
    """A branch's by its pull request, main's and a release's by who calls the check; or by hand."""
    # YAML 1.1 reads the word `on` as true.
    events: dict[str, Any] = {
        path.stem: yaml.safe_load(path.read_text())[True] for path in WORKFLOWS
    }
    assert set(events["check"]) == {"pull_request", "workflow_call", "workflow_dispatch"}
    pushed = {name: event["push"] for name, event in events.items() if "push" in event}
    assert pushed == {"image": {"branches": ["main"]}, "release": {"tags": ["v*.*.*"]}}


def called_targets() -> set[str]:
    """Return the targets of the Makefile that jobs call, by name or by their matrix."""
    called: set[str] = set()
    for path in WORKFLOWS:
        for job in load(path)["jobs"].values():
            scripts = "\n".join(step.get("run", "") for step in job.get("steps", []))
            named = job.get("strategy", {}).get("matrix", {}).get("target", [])
            for target in named or [""]:
                words = scripts.replace("${{ matrix.target }}", target)
                called |= set(re.findall(r"\bmake ([a-z-]+)", words))
    return called


def test_every_kind_of_check_is_a_job() -> None:
    """What a person has to call by hand is forgotten: all that can fail is called by a workflow."""
    makefile = (ROOT / "Makefile").read_text()
    kinds = set(re.findall(r"^(check|scan|test(?:-[a-z]+)?):", makefile, re.MULTILINE))
    assert kinds == {"check", "scan", "test", "test-aws", "test-containers"}
    script = (ROOT / ".ci" / "run").read_text()
    by_script = set(re.findall(r"^make ([a-z-]+)$", script, re.MULTILINE))
    assert kinds <= called_targets() | by_script
    steps = load(GITHUB / "workflows/check.yml")["jobs"]["check"]["steps"]
    assert "bash .ci/run" in [step.get("run") for step in steps]
    containers = load(GITHUB / "workflows/check.yml")["jobs"]["containers"]
    assert "container" not in containers
    assert containers["steps"][-1]["run"].startswith("sudo ")


def test_what_is_typed_works_from_the_root() -> None:
    """Every call of Terraform in the documents says where, so that no line depends on a `cd`."""
    for path in (ROOT / "docs" / "deploy.md", *(ROOT / "docs" / "runbooks").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"(?<![/\w])terraform (?!-chdir=infra/terraform\s).*", text) == [], path
        assert "cd infra/terraform" not in text, path


def test_an_image_is_scanned_before_it_is_pushed() -> None:
    """A known and mended weakness stops the image."""
    steps = load(GITHUB / "workflows/image.yml")["jobs"]["image"]["steps"]
    names = [step.get("name", "") for step in steps]
    assert names.index("Build") < names.index("Scan") < names.index("Push")
    assert steps[names.index("Scan")]["with"]["exit-code"] == "1"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_steps_are_sound_and_name_files_that_exist(path: Path) -> None:
    """Every script parses, and what it calls is in the repository."""
    for job in load(path)["jobs"].values():
        for step in job.get("steps", []):
            script = re.sub(r"\$\{\{.*?\}\}", "value", step.get("run", ""))
            subprocess.run(["/bin/sh", "-n"], input=script, text=True, check=True)
            for name in OWN_FILES.findall(script):
                assert (ROOT / name).is_file(), name


def test_owners_are_named_for_folders_that_exist() -> None:
    """Each line names a folder of the repository and who looks after it."""
    lines = [line.split() for line in (GITHUB / "CODEOWNERS").read_text().splitlines()]
    rules = [line for line in lines if line and not line[0].startswith("#")]
    assert rules[0][0] == "*"
    for pattern, *owners in rules:
        assert owners
        assert pattern == "*" or (ROOT / pattern.strip("/")).is_dir(), pattern


def test_a_release_takes_its_part_of_the_changelog() -> None:
    """The notes are what stands below the version's heading, and nothing of its neighbours."""
    changelog = (
        "# Changelog\n\n## [2.0.0] - 2026-01-02\n\nNew.\n\n## [1.0.0] - 2026-01-01\n\nOld.\n"
    )
    assert changes_of("2.0.0", changelog) == "New."
    assert changes_of("1.0.0", changelog) == "Old."
    with pytest.raises(ValueError, match=r"no heading .3\.0\.0.; it has 2\.0\.0, 1\.0\.0"):
        changes_of("3.0.0", changelog)
    with pytest.raises(ValueError, match="says nothing"):
        changes_of("1.0.0", "## [1.0.0]\n\n## [0.9.0]\n\nOld.\n")
    assert changes_of("Unreleased", CHANGELOG.read_text())


def test_a_release_has_the_version_of_the_project() -> None:
    """Another tag is refused in a sentence, before everything is checked for nothing."""
    require_version("1.2.0", '[project]\nversion = "1.2.0"\n')
    with pytest.raises(ValueError, match=r"has the version 1\.2\.0, not 1\.3\.0\."):
        require_version("1.3.0", '[project]\nversion = "1.2.0"\n')
    refused = subprocess.run(
        [sys.executable, ROOT / "scripts" / "changes_of_version.py", "0.0.0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"{PROJECT.name} has the version ")
    jobs = load(GITHUB / "workflows/release.yml")["jobs"]
    assert jobs["check"]["needs"] == "version"
    assert "scripts/changes_of_version.py" in jobs["version"]["steps"][-1]["run"]
