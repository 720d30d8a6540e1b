"""The compose files, without an engine; `make test-containers` has one."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from oracle.domain.errors import SettingsError
from oracle.settings import Settings, load_settings
from tests.infra.compose_files import (
    LOCAL,
    MONITORING,
    PRODUCTION,
    STANDINS,
    WHOLE,
    Service,
    get_service,
    last_stage,
    list_services,
    list_variables,
    with_defaults,
)
from tests.infra.documents import GRAFANA, PROMETHEUS, ROOT, read_yaml

SERVICES = list_services()
TOOLS = Path(sys.executable).parent
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-\w+)?")
PUBLISHED_LOCALLY = {"app": 8000, "grafana": 3000, "mailpit": 8025, "proxy": 8080}
# What becomes another user, or hands folders over to one, at its start.
ADDED = {
    "mysql": {"CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"},
    "folders": {"CHOWN", "DAC_OVERRIDE", "FOWNER"},
}
PUBLIC_PASSWORD = "only-for-development"


def validate(*files: Path) -> subprocess.CompletedProcess[str]:
    """Compare compose files with the published schema."""
    return subprocess.run(
        [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_compose_files_are_what_compose_expects() -> None:
    """All of them follow the published schema of compose files."""
    checked = validate(*WHOLE, STANDINS)
    assert checked.returncode == 0, checked.stdout


def test_a_word_that_compose_does_not_know_is_noticed(tmp_path: Path) -> None:
    """The schema knows all words there are, so that a misspelt one is refused."""
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(LOCAL.read_text().replace("mem_limit: 1g", "memory_limit: 1g"))
    assert validate(wrong).returncode == 1


def test_every_image_has_one_version() -> None:
    """No image is `latest`, and one that several files use has the same version in all of them."""
    foreign = [each.said["image"] for each in SERVICES if not each.is_the_application]
    assert [image for image in foreign if not PINNED.fullmatch(image)] == []
    assert len({image.rpartition(":")[0] for image in foreign}) == len(set(foreign))
    used = {*foreign, *(each.said["image"] for each in list_services(STANDINS))}
    assert not any("latest" in image for image in used)


@pytest.mark.parametrize("service", SERVICES, ids=str)
def test_a_service_may_do_no_more_than_it_must(service: Service) -> None:
    """Memory and logs are bounded, capabilities dropped; only MySQL writes to its root."""
    said = service.said
    assert "mem_limit" in said
    assert said["cap_drop"] == ["ALL"]
    assert set(said.get("cap_add", [])) <= ADDED.get(service.name, set())
    assert said.get("pid") == ("host" if service.name == "node-exporter" else None)
    assert said["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in said
    assert set(said["logging"]["options"]) == {"max-size", "max-file"}
    assert said.get("read_only", False) is (service.name != "mysql")


@pytest.mark.parametrize("service", SERVICES, ids=str)
def test_a_service_says_whether_it_works(service: Service) -> None:
    """What stays running has a check, the application that of its image; the rest ends for good."""
    check = service.said.get("healthcheck", {})
    if service.ends_by_itself:
        assert "test" not in check
    elif service.is_the_application:
        assert check == {}
        assert "HEALTHCHECK" in dict(last_stage())
    else:
        assert check["test"][0] in {"CMD", "CMD-SHELL"}
        assert {"interval", "timeout", "retries"} <= set(check)


@pytest.mark.parametrize("service", SERVICES, ids=str)
def test_a_service_waits_until_what_it_needs_is_there(service: Service) -> None:
    """It waits for health of what stays running, and for success of what ends by itself."""
    for name, waited in service.said.get("depends_on", {}).items():
        needed = get_service(service.file, name)
        ends = "service_completed_successfully" if needed.ends_by_itself else "service_healthy"
        assert waited == {"condition": ends}, name


def test_the_application_waits_for_its_tables() -> None:
    """In both files the database's tables are brought up to date before any instance starts."""
    for file in (LOCAL, PRODUCTION):
        assert get_service(file, "migrate").said["command"] == ["oracle", "migrate"]
    for instance in (get_service(LOCAL, "app"), get_service(LOCAL, "app-2")):
        assert "migrate" in instance.said["depends_on"]
    assert "migrate" in get_service(PRODUCTION, "app").said["depends_on"]
    assert "mysql" in get_service(LOCAL, "migrate").said["depends_on"]


def test_an_instance_has_the_time_to_end_what_it_began() -> None:
    """Compose kills it no sooner than its drain and the ten seconds of its last requests take."""
    for name in ("app", "app-2"):
        grace = int(get_service(LOCAL, name).said["stop_grace_period"].removesuffix("s"))
        assert grace >= Settings.model_fields["drain_seconds"].default + 10


def test_only_pages_are_published_and_only_here() -> None:
    """Of the local stack the site, Grafana, mails and the balancer have a port, on loopback."""
    published = {
        each.name: [with_defaults(port) for port in each.said["ports"]]
        for each in list_services(LOCAL)
        if "ports" in each.said
    }
    assert published == {
        name: [f"127.0.0.1:{port}:{port}"] for name, port in PUBLISHED_LOCALLY.items()
    }
    assert "network_mode" not in str([each.said for each in list_services(LOCAL)])


def test_what_is_optional_has_a_profile() -> None:
    """The second instance and the balancer start only when they are asked for."""
    optional = {each.name for each in list_services(LOCAL) if "profiles" in each.said}
    assert optional == {"app-2", "proxy"}
    balancer = (ROOT / "infra" / "haproxy" / "haproxy.cfg").read_text()
    servers = dict(re.findall(r"^    server (\S+) (\S+)$", balancer, re.MULTILINE))
    assert servers == {"app": "app:8000", "app-2": "app-2:8000"}


@pytest.mark.parametrize("service", SERVICES, ids=str)
def test_configuration_is_mounted_as_it_is_in_the_repository(service: Service) -> None:
    """Whatever is mounted from beside the file exists, and cannot be changed from inside."""
    for volume in service.said.get("volumes", []):
        source, _, options = volume.partition(":")
        if source.startswith("."):
            assert (service.file.parent / source).exists(), volume
        if source.startswith((".", "/")):
            assert options.endswith((":ro", ":ro,rslave")), volume


def test_written_data_have_a_volume_with_a_name() -> None:
    """Every named volume is declared and used: a container made anew finds its data."""
    for file in (LOCAL, PRODUCTION):
        used = {
            volume.partition(":")[0]
            for each in list_services(file)
            for volume in each.said.get("volumes", [])
        }
        named = {source for source in used if re.fullmatch(r"[\w-]+", source)}
        assert named == set(read_yaml(file)["volumes"])


def test_alloy_keeps_its_place_where_it_may_write() -> None:
    """Not below the image's /var/lib/alloy: root without capabilities cannot enter that folder."""
    for file in (LOCAL, PRODUCTION):
        said = get_service(file, "alloy").said
        (path,) = [
            word.partition("=")[2] for word in said["command"] if word.startswith("--storage.path=")
        ]
        assert not path.startswith("/var/lib/alloy")
        assert f"alloy:{path}" in said["volumes"]


READER = ROOT / "infra" / "alloy" / "docker-reader.cfg"


def test_one_container_alone_holds_the_engines_socket() -> None:
    """Alloy has another, which the reader makes for it where both say, in both files."""
    holders = {
        (each.file, each.name)
        for each in SERVICES
        if "docker.sock:" in str(each.said.get("volumes", []))
    }
    assert holders == {(LOCAL, "docker-reader"), (PRODUCTION, "docker-reader")}
    bound = re.search(r"^    bind unix@(\S+) ", READER.read_text(), re.MULTILINE)
    assert bound is not None
    folder = str(Path(bound[1]).parent)
    for file in (LOCAL, PRODUCTION):
        reader, alloy = get_service(file, "docker-reader").said, get_service(file, "alloy").said
        assert f"docker-reader:{folder}" in reader["volumes"]
        assert f"docker-reader:{folder}:ro" in alloy["volumes"]
        assert alloy["environment"]["DOCKER_HOST"] == f"unix://{bound[1]}"
        assert "docker-reader" in alloy["depends_on"]
        assert [volume for volume in reader["volumes"] if f"alloy/{READER.name}:" in volume]


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/_ping", True),
        ("/v1.47/containers/json", True),
        ("/v1.47/networks", True),
        (f"/v1.47/containers/{'0a' * 32}/json", True),
        (f"/v1.47/containers/{'0a' * 32}/logs", True),
        (f"/v1.47/containers/{'0a' * 32}/export", False),
        ("/v1.47/containers/app/logs", False),
        ("/v1.47/containers/../images/json", False),
        ("/v1.47/images/json", False),
        ("/v1.47/containers/json/", False),
        ("/info", False),
    ],
)
def test_the_reader_knows_what_alloy_asks_for(path: str, known: bool) -> None:  # noqa: FBT001 - a row
    """Its one expression fits these paths and no others; the first two rules refuse the rest."""
    text = READER.read_text()
    expression = re.search(r"^    acl known path_reg (\S+)$", text, re.MULTILINE)
    assert expression is not None
    assert bool(re.search(expression[1], path)) is known
    assert "acl reads method GET HEAD\n" in text
    assert "http-request deny deny_status 403 if !reads or !known\n" in text


def test_the_local_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The application takes the image's and compose's variables, in development and only there."""
    spoken = {
        name: value
        for word, rest in last_stage()
        if word == "ENV"
        for name, _, value in (part.partition("=") for part in shlex.split(rest))
        if name.startswith("ORACLE_")
    }
    spoken["ORACLE_REVISION"] = "0123abc"
    said = get_service(LOCAL, "app").said["environment"]
    for name, value in {**spoken, **said}.items():
        monkeypatch.setenv(name, with_defaults(value))
    settings = load_settings()
    assert settings.smtp_url.get_secret_value() == "smtp://mailpit:1025"
    assert (settings.port, settings.metrics_port) == (8000, 9464)
    monkeypatch.setenv("ORACLE_ENVIRONMENT", "production")
    with pytest.raises(SettingsError, match="ORACLE_SECRET_KEY"):
        load_settings()


def test_the_authorities_of_the_database_reach_the_application() -> None:
    """What the machine fetches is mounted where the setting says that the authorities are."""
    terraform = ROOT / "infra" / "terraform"
    told = re.search(r'ORACLE_DATABASE_CA\s+= "(.+)/', (terraform / "main.tf").read_text())
    prepare = (terraform / "modules" / "machine" / "files" / "prepare.py").read_text()
    fetched = re.search(r'^CERTIFICATES = "(.+)"$', prepare, re.MULTILINE)
    assert told is not None
    assert fetched is not None
    for name in ("app", "migrate"):
        volumes = get_service(PRODUCTION, name).said["volumes"]
        assert f"/{fetched[1]}:{told[1]}:ro" in volumes


def test_no_file_holds_a_secret() -> None:
    """What looks like a password is a variable, or the public word that production refuses."""
    assert len(PUBLIC_PASSWORD) < 32
    for file in WHOLE:
        for line in file.read_text().splitlines():
            named = re.match(r"\s+\w*(PASSWORD|SECRET_KEY|TOKEN)\w*: (?P<value>.+)", line)
            if named and not named["value"].startswith("/tmp/"):  # noqa: S108 - a path inside
                assert named["value"].startswith("$"), line
                assert with_defaults(named["value"]) in {
                    PUBLIC_PASSWORD,
                    "$$__env{OPERATORS_SMTP_PASSWORD}",
                }, line
    unnamed = {str(each) for each in SERVICES if "env_file" in each.said and each.file == LOCAL}
    assert unnamed == set()


def test_a_container_of_monitoring_gets_its_own_secrets_alone() -> None:
    """Each names what it needs without a value, the unit hands it over, and no file gives all."""
    services = list_services(MONITORING)
    assert not [each.name for each in services if "env_file" in each.said]
    named = {
        each.name: {name for name, value in each.said["environment"].items() if value is None}
        for each in services
        if "environment" in each.said
    }
    assert {name: secrets for name, secrets in named.items() if secrets} == {
        "alertmanager": {"OPERATORS_SMTP_PASSWORD"},
        "grafana": {"GF_SECURITY_ADMIN_PASSWORD", "OPERATORS_SMTP_PASSWORD"},
    }
    modules = ROOT / "infra" / "terraform" / "modules"
    fetched = re.search(
        r"^  secrets = merge\(\n(.*?)^  \)",
        (modules / "monitoring" / "main.tf").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    assert fetched is not None
    assert set(re.findall(r"\{ (\w+) = ", fetched[1])) == set.union(*named.values())
    files = modules / "machine" / "files"
    written = re.search(
        r'^SECRETS_FILE = "(.+)"$', (files / "prepare.py").read_text(), re.MULTILINE
    )
    assert written is not None
    calls = [
        line
        for name in ("oracle.service", "oracle-compose")
        for line in (files / name).read_text().splitlines()
        if "docker compose --env-file" in line
    ]
    assert len(calls) == 3
    assert all(f" --env-file /{written[1]} " in call for call in calls)


def test_monitoring_asks_services_that_are_there() -> None:
    """Every target, data source and receiver that is a name is a service of that compose file."""
    for file, prometheus in ((LOCAL, "prometheus.yml"), (MONITORING, "prometheus.production.yml")):
        configured = read_yaml(PROMETHEUS / prometheus)
        groups = [*configured["alerting"]["alertmanagers"], *configured["scrape_configs"]]
        asked = {
            target.partition(":")[0]
            for group in groups
            for static in group.get("static_configs", [])
            for target in static["targets"]
        } - {"localhost"}
        asked |= {
            name
            for group in groups
            for found in group.get("dns_sd_configs", [])
            for name in found["names"]
        }
        sources = read_yaml(GRAFANA / "provisioning" / "datasources" / "datasources.yaml")
        asked |= {str(urlsplit(each["url"]).hostname) for each in sources["datasources"]}
        assert asked <= {each.name for each in list_services(file)}
        command = get_service(file, "prometheus").said["command"]
        assert f"--config.file=/etc/prometheus/{prometheus}" in command
        (kept,) = [
            re.search(r"retention\.time=(\d+)d", word) for word in command if "time=" in word
        ]
        assert kept is not None
        assert int(kept[1]) >= 35


def test_runbooks_ask_where_somebody_listens() -> None:
    """What a runbook asks at an address with a port is asked inside a service that there is."""
    names = {each.name for each in list_services(LOCAL, MONITORING)}
    asked: set[str] = set()
    for path in (ROOT / "docs" / "runbooks").glob("*.md"):
        text = path.read_text().replace("\\\n", " ")
        for line in text.splitlines():
            inside = re.search(r"docker compose exec ([\w-]+) ", line)
            if inside:
                assert inside[1] in names, f"{path.name}: {line}"
            for address in re.findall(r"http://[\w.-]+:\d+", line):
                assert inside, f"{path.name}: nothing listens for a person at {address}"
                check = str(get_service(LOCAL, inside[1]).said["healthcheck"]["test"])
                assert address in check, f"{path.name}: {inside[1]} does not listen at {address}"
                asked.add(inside[1])
    assert asked == {"prometheus", "alertmanager"}


def test_the_machines_know_what_their_files_refer_to() -> None:
    """Every variable of both machines' files is one that Terraform or the machine itself sets."""
    prepared = (ROOT / "infra/terraform/modules/machine/files/prepare.py").read_text()
    place = set(re.findall(r'"([A-Z_]+)": about', prepared))
    for file, module in ((PRODUCTION, "service"), (MONITORING, "monitoring")):
        text = (ROOT / "infra/terraform/modules" / module / "main.tf").read_text()
        environment = re.search(r"^  environment = \{\n(.*?)^  \}", text, re.MULTILINE | re.DOTALL)
        assert environment is not None
        told = set(re.findall(r"^    (\w+)\s+=", environment[1], re.MULTILINE))
        assert list_variables(file) <= told | place, file.name
