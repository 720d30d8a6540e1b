"""Settings: defaults, every way a value can be wrong, and what production refuses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from oracle.domain.errors import SettingsError
from oracle.settings import (
    DEFAULT_POOL,
    DEFAULT_WATCHLIST,
    DatabaseTls,
    Environment,
    LogLevel,
    Market,
    Settings,
    load_settings,
)

NINE = "AAPL,MSFT,JPM,JNJ,XOM,WMT,KO,HD,LLY"
A_SECRET = "correct horse battery staple, twice over"
PRODUCTION = {
    "ENVIRONMENT": "production",
    "MARKET": "yahoo",
    "SECRET_KEY": A_SECRET,
    "BASE_URL": "https://oracle.example",
}


def load(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> Settings:
    """Return the settings of an environment with those variables, prefix left out."""
    for name, value in variables.items():
        monkeypatch.setenv(f"ORACLE_{name}", value)
    return load_settings()


def refusal(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> str:
    """Return the sentences with which those variables are refused."""
    with pytest.raises(SettingsError) as refused:
        load(monkeypatch, variables)
    return str(refused.value)


def test_an_empty_environment_is_a_working_development_set_up() -> None:
    """Nothing has to be configured to run on one's own machine."""
    settings = load_settings()
    assert settings.environment is Environment.DEVELOPMENT
    assert not settings.is_production
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.market is Market.AUTO
    assert settings.watchlist == DEFAULT_WATCHLIST
    assert settings.pool == DEFAULT_POOL


def test_the_default_pool_is_large_enough_and_holds_the_watchlist() -> None:
    """The defaults obey the rules that other values must obey."""
    assert len(set(DEFAULT_POOL)) >= 20
    assert len(set(DEFAULT_WATCHLIST)) == 10
    assert set(DEFAULT_WATCHLIST) <= set(DEFAULT_POOL)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty line in an environment file changes nothing."""
    assert load(monkeypatch, {"WATCHLIST": "", "PORT": ""}) == load_settings()


def test_a_password_in_an_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address with a name and a password is refused without telling either."""
    sentence = refusal(monkeypatch, {"BASE_URL": "https://me:hush@oracle.example"})
    assert "hush" not in sentence
    assert "oracle.example" in sentence


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("ENVIRONMENT", "staging", "development or production"),
        ("REVISION", "v1 (dirty)", "letters, digits, dots and dashes"),
        ("HOST", "two words", "an IP address or a host name"),
        ("PORT", "eighty", "a whole number from 1 to 65535"),
        ("PORT", "0", "a whole number from 1 to 65535"),
        ("METRICS_HOST", "under_score", "an IP address or a host name"),
        ("METRICS_PORT", "65536", "a whole number from 0 to 65535"),
        ("METRICS_PORT", "8000", "a port other than the website's"),
        ("BASE_URL", "oracle.example", "such as https://oracle.example"),
        ("BASE_URL", "ftp://oracle.example", "such as https://oracle.example"),
        ("BASE_URL", "https://oracle.example/path", "an address without a path"),
        ("BASE_URL", "https://oracle.example?query", "such as https://oracle.example"),
        ("BASE_URL", "https://oracle.example:70000", "such as https://oracle.example"),
        ("BASE_URL", "https://oracle.example:port", "such as https://oracle.example"),
        ("ALLOWED_HOSTS", "good.example,bad host", "'bad host' is none"),
        ("ALLOWED_HOSTS", "oracle.example:8000", "host names without a port"),
        ("TRUSTED_PROXIES", "-1", "a whole number from 0 to 5"),
        ("DATABASE_DEADLINE", "0", "a number above 0 and up to 60"),
        ("DATABASE_DEADLINE", "nan", "a number above 0 and up to 60"),
        ("DATABASE_POOL_SIZE", "many", "a whole number from 1 to 100"),
        ("MARKET", "bloomberg", "auto, yahoo or sample"),
        ("YAHOO_URL", "localhost", "such as https://oracle.example"),
        ("NOW", "2022-12-28T21:30:00", "a time with its zone, such as 2022-12-28T21:30:00Z"),
        ("NOW", "20221228", "a time with its zone, such as 2022-12-28T21:30:00Z"),
        ("NOW", "1672263000", "a time with its zone, such as 2022-12-28T21:30:00Z"),
        ("NOW", "tomorrow", "a time with its zone, such as 2022-12-28T21:30:00Z"),
        ("FEED_DEADLINE", "inf", "a number above 0 and up to 60"),
        ("FEED_THREADS", "33", "a whole number from 1 to 32"),
        ("QUOTE_SECONDS", "0.5", "a number from 1 to 3600"),
        ("LIVE_VIEWERS", "-1", "a whole number from 0 to 10000"),
        ("WATCHLIST", NINE, "exactly 10 symbols, and these are 9"),
        ("WATCHLIST", f"{NINE},KO", "each symbol once, and KO stands there twice"),
        ("WATCHLIST", f"{NINE},P/G", "'P/G' is none"),
        ("POOL", NINE, "at least 20 symbols, and these are 9"),
        ("DATABASE_SECRET", "two words", "the name or ARN of a secret in AWS Secrets Manager"),
        (
            "DATABASE_SECRET",
            "oracle",
            "nothing, unless the database's address is like mysql://host:port/database",
        ),
        ("DATABASE_TLS", "maybe", "off, required or verify"),
        ("DATABASE_TLS", "verify", "off where the database is a file"),
        ("DATABASE_CA", "/ca.pem", "nothing, unless the database's TLS is verify"),
        ("DATABASE_TLS_NAME", "db.example", "nothing, unless the database's TLS is verify"),
        ("DATABASE_TLS_NAME", "two words", "an IP address or a host name"),
        ("IMAGE_BUCKET", "Upper_Case", "the name of a bucket"),
        ("IMAGE_MAX_BYTES", "10", "a whole number from 1000 to 50000000"),
        ("IMAGE_BASE_URL", "pictures.example", "such as https://oracle.example"),
        ("IMAGE_BASE_URL", "https://a.example; script-src *", "such as https://oracle.example"),
        ("MAILER", "pigeon", "folder, smtp or ses"),
        ("MAIL_FROM", "nobody", "a sender such as Oracle <digest@example.org>"),
        ("MAIL_FROM", "Zoë <zoë@example.org>", "a sender such as Oracle <digest@example.org>"),
        ("MAIL_RATE", "0", "a number above 0 and up to 10000"),
        ("MAIL_DEADLINE", "61", "a number above 0 and up to 60"),
        ("MAIL_CONCURRENCY", "201", "a whole number from 1 to 200"),
        ("MAIL_PATIENCE", "0", "a number above 0 and up to 3600"),
        ("SES_ENDPOINT", "localhost:4566", "such as https://oracle.example"),
        ("DIGEST_TIME", "24:00", "a time of day, such as 18:00"),
        ("DIGEST_TIME", "6 pm", "a time of day, such as 18:00"),
        ("DIGEST_TIMEZONE", "New York", "a time zone's name, such as America/New_York"),
        ("DIGEST_WINDOW", "4", "a length of time up to 12h, such as 4h, 90m or 30s"),
        ("DIGEST_WINDOW", "13h", "a length of time up to 12h, such as 4h, 90m or 30s"),
        ("LEADER_HEARTBEAT", "0", "a number above 0 and up to 60"),
        ("LEADER_PATIENCE", "301", "a number above 0 and up to 300"),
        ("LEADER_LEASE", "soon", "a number above 0 and up to 600"),
        ("DELIVERY_LEASE", "3601", "a number above 0 and up to 3600"),
        ("DRAIN_SECONDS", "-0.5", "a number from 0 to 60"),
        ("LOG_FORMAT", "xml", "auto, json or pretty"),
        ("LOG_LEVEL", "loud", "debug, info, warning or error"),
    ],
)
def test_a_wrong_value_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    """The sentence names the variable, its value and what is allowed, and nothing else is said."""
    sentence = refusal(monkeypatch, {name: value})
    assert sentence.startswith(f"ORACLE_{name} is {value!r}; allowed: ")
    assert allowed in sentence
    assert sentence.endswith(".")
    assert sentence.count("ORACLE_") == 1


def test_every_setting_can_be_refused_but_those_that_take_any_text() -> None:
    """A new setting needs a case in the list above, unless every text is a value of it."""
    marks = [
        mark
        for mark in getattr(test_a_wrong_value_is_refused_in_a_sentence, "pytestmark", [])
        if mark.name == "parametrize"
    ]
    covered = {case[0].lower() for mark in marks for case in mark.args[1]}
    elsewhere = {
        *("secret_key", "database_url", "smtp_url", "cache_folder", "image_folder", "mail_folder"),
        *("image_region", "admin_password_hash"),
        *("ses_region", "ses_configuration_set", "mail_events_queue", "mail_events_topic"),
    }
    assert covered | elsewhere == set(Settings.model_fields)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        (
            "LEADER_PATIENCE",
            "15",
            "more than ORACLE_LEADER_HEARTBEAT (5) and less than ORACLE_LEADER_LEASE (15)",
        ),
        (
            "LEADER_PATIENCE",
            "5",
            "more than ORACLE_LEADER_HEARTBEAT (5) and less than ORACLE_LEADER_LEASE (15)",
        ),
        ("DELIVERY_LEASE", "10", "more than ORACLE_MAIL_DEADLINE (10)"),
    ],
)
def test_spans_that_would_let_two_act_at_once_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    """A leader gives up before its lock is given away; a lease outlasts what it is a lease for."""
    assert refusal(monkeypatch, {name: value}) == f"ORACLE_{name} is {value!r}; allowed: {allowed}."


def test_a_mail_servers_password_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong address of the mail server is refused without showing what may be a password."""
    sentence = refusal(monkeypatch, {"SMTP_URL": "http://me:hush@mail.example"})
    assert "ORACLE_SMTP_URL" in sentence
    assert "hush" not in sentence


def test_a_pool_without_the_whole_watchlist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is ranked also trains the coefficients; the sentence names what is missing."""
    pool = ",".join(symbol for symbol in (*DEFAULT_POOL, "NVDA") if symbol != "KO")
    assert "watchlist in it, and KO is missing" in refusal(monkeypatch, {"POOL": pool})


def test_another_watchlist_needs_no_other_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that was not set takes in whatever the watchlist holds."""
    settings = load(monkeypatch, {"WATCHLIST": f"{NINE},NVDA"})
    assert settings.pool == (*DEFAULT_POOL, "NVDA")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone:hunter2@db.example/oracle",
        "mysql://someone:hunter2@db.example",
        "mysql://someone:hunter2@:3306/oracle",
        "mysql://someone:hunter2@db.example:port/oracle",
        "sqlite://hunter2.db",
        "hunter2",
    ],
)
def test_a_refused_database_is_never_repeated(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A database address may hold a password, so the sentence shows what is allowed only."""
    sentence = refusal(monkeypatch, {"DATABASE_URL": url})
    assert sentence.startswith("ORACLE_DATABASE_URL is a value that is not shown here; allowed: ")
    assert "hunter2" not in sentence


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///var/other.db", "sqlite+aiosqlite:///var/other.db"),
        ("sqlite+aiosqlite:////srv/oracle.db", "sqlite+aiosqlite:////srv/oracle.db"),
        ("mysql://me:pass@db:3306/oracle", "mysql+aiomysql://me:pass@db:3306/oracle"),
        ("mariadb://me:pass@db/oracle", "mysql+aiomysql://me:pass@db/oracle"),
    ],
)
def test_a_database_address_gets_its_driver(
    monkeypatch: pytest.MonkeyPatch, given: str, used: str
) -> None:
    """People write the database's name; the asynchronous driver is the application's affair."""
    assert load(monkeypatch, {"DATABASE_URL": given}).database_url.get_secret_value() == used


def test_secrets_do_not_show_in_the_settings_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings may be logged or shown in a traceback without giving a secret away."""
    url = "mysql://me:hunter2@db/oracle"
    settings = load(monkeypatch, {"SECRET_KEY": A_SECRET, "DATABASE_URL": url})
    assert A_SECRET not in f"{settings!r} {settings}"
    assert "hunter2" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("variables", "field", "value"),
    [
        ({"MARKET": "Sample"}, "market", Market.SAMPLE),
        ({"LOG_LEVEL": "WARNING"}, "log_level", LogLevel.WARNING),
        ({"HOST": "[::1]"}, "host", "::1"),
        ({"HOST": "::1", "PORT": "9000"}, "base_url", "http://[::1]:9000"),
        ({"HOST": "0.0.0.0", "PORT": "9000"}, "base_url", "http://127.0.0.1:9000"),
        ({"HOST": "oracle.lan"}, "base_url", "http://oracle.lan:8000"),
        ({"BASE_URL": "https://oracle.example/"}, "base_url", "https://oracle.example"),
        ({"ALLOWED_HOSTS": "A.example, b.example"}, "allowed_hosts", ("a.example", "b.example")),
        ({"NOW": "2022-12-28T16:30:00-05:00"}, "now", datetime(2022, 12, 28, 21, 30, tzinfo=UTC)),
        ({"POOL": ",".join(DEFAULT_POOL).lower()}, "pool", DEFAULT_POOL),
        ({"METRICS_PORT": "0"}, "metrics_port", 0),
    ],
)
def test_values_are_read_into_one_spelling(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], field: str, value: object
) -> None:
    """However people spell a value, the application sees a single form of it."""
    assert getattr(load(monkeypatch, variables), field) == value


@pytest.mark.parametrize(
    ("name", "meant"),
    [("WATCHLST", "WATCHLIST"), ("DATABSE_URL", "DATABASE_URL"), ("SECRET", "SECRET_KEY")],
)
def test_a_misspelt_variable_is_refused_with_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    """A typing error must not leave a default in force; its value may be a secret and stays out."""
    sentence = refusal(monkeypatch, {name: "hunter2"})
    assert sentence == (
        f"ORACLE_{name} is set, but there is no such setting; did you mean ORACLE_{meant}?"
    )


def test_a_variable_like_no_other_is_refused_with_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is similar, all settings are named."""
    sentence = refusal(monkeypatch, {"XYZZY": "1"})
    assert all(f"ORACLE_{field.upper()}" in sentence for field in Settings.model_fields)


def test_variables_of_the_database_product_of_that_name_are_let_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Machines with Oracle Database on them carry variables of the same prefix."""
    monkeypatch.setenv("ORACLE_HOME", "/opt/database")
    monkeypatch.setenv("ORACLE_SID", "XE")
    assert load_settings().port == 8000


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to start five times to learn of five mistakes."""
    sentences = refusal(monkeypatch, {"PORT": "x", "MARKET": "y", "LOG_LEVL": "info"})
    assert "ORACLE_PORT is 'x'" in sentences
    assert "ORACLE_MARKET is 'y'" in sentences
    assert "ORACLE_LOG_LEVL is set" in sentences


def test_an_override_is_checked_like_a_variable() -> None:
    """A value from the command line is refused in the same words."""
    with pytest.raises(SettingsError, match="ORACLE_PORT is '0'; allowed: a whole number"):
        load_settings(port=0)
    with pytest.raises(SettingsError, match="did you mean ORACLE_PORT"):
        load_settings(prt=9000)


def test_production_with_all_it_demands_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A live feed, a long secret and an https address are enough."""
    assert load(monkeypatch, PRODUCTION).is_production


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"NOW": "2022-12-28T21:30:00Z"},
            "ORACLE_NOW is '2022-12-28T21:30:00+00:00'; allowed: nothing at all in production.",
        ),
        (
            {"YAHOO_URL": "http://127.0.0.1:9999"},
            "ORACLE_YAHOO_URL is 'http://127.0.0.1:9999'; allowed: nothing at all in production.",
        ),
        ({"MARKET": "sample"}, "ORACLE_MARKET is 'sample'; allowed: yahoo in production."),
        ({"MARKET": "auto"}, "ORACLE_MARKET is 'auto'; allowed: yahoo in production."),
        (
            {"MAILER": "ses"},
            (
                "ORACLE_MAIL_FROM is 'Oracle <digest@oracle.invalid>'; "
                "allowed: a sender of your own in production."
            ),
        ),
        (
            {"BASE_URL": "http://oracle.test"},
            "ORACLE_BASE_URL is 'http://oracle.test'; allowed: an https:// address in production.",
        ),
    ],
)
def test_production_refuses_rehearsal_settings(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    """Sample data, a moved clock, a stand-in feed and plain http never reach the public."""
    assert refusal(monkeypatch, PRODUCTION | variables) == sentence


@pytest.mark.parametrize("secret", ["", "hunter2", "x" * 31])
def test_production_refuses_a_short_secret_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    """Tokens signed with a guessable secret are worth nothing."""
    sentence = refusal(monkeypatch, PRODUCTION | {"SECRET_KEY": secret})
    assert "ORACLE_SECRET_KEY is a value that is not shown here; allowed: at least 32" in sentence
    assert "hunter2" not in sentence


ELSEWHERE = "mysql://oracle:oracle@database.internal/oracle"


@pytest.mark.parametrize(
    ("variables", "tls"),
    [
        ({}, DatabaseTls.OFF),
        ({"DATABASE_URL": ELSEWHERE}, DatabaseTls.OFF),
        (PRODUCTION, DatabaseTls.OFF),
        (PRODUCTION | {"DATABASE_URL": "mysql://me@localhost/oracle"}, DatabaseTls.OFF),
        (PRODUCTION | {"DATABASE_URL": "mysql://me@127.0.0.2/oracle"}, DatabaseTls.OFF),
        (PRODUCTION | {"DATABASE_URL": "mysql://me@[::1]:3306/oracle"}, DatabaseTls.OFF),
        (PRODUCTION | {"DATABASE_URL": ELSEWHERE}, DatabaseTls.VERIFY),
        (PRODUCTION | {"DATABASE_URL": "mysql://me@10.0.0.7/oracle"}, DatabaseTls.VERIFY),
        (
            PRODUCTION | {"DATABASE_URL": ELSEWHERE, "DATABASE_TLS": "Required"},
            DatabaseTls.REQUIRED,
        ),
    ],
)
def test_production_verifies_a_database_elsewhere(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], tls: DatabaseTls
) -> None:
    """Whoever sets nothing is safe, and at home nothing has to be set up."""
    assert load(monkeypatch, variables).database_tls is tls


def test_production_refuses_a_database_elsewhere_in_the_clear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Passwords and addresses of subscribers never leave the machine unencrypted."""
    variables = PRODUCTION | {"DATABASE_URL": ELSEWHERE, "DATABASE_TLS": "off"}
    assert refusal(monkeypatch, variables) == (
        "ORACLE_DATABASE_TLS is 'off'; allowed: verify in production, or required where no "
        "certificate can be checked, unless the database is on this machine."
    )


def test_a_secret_goes_with_an_address_without_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two passwords would leave open which one counts."""
    bare = {"DATABASE_URL": "mysql://database.internal:3306/oracle", "DATABASE_SECRET": "rds!a-1"}
    assert load(monkeypatch, bare).database_secret == "rds!a-1"
    assert "without user and password" in refusal(monkeypatch, bare | {"DATABASE_URL": ELSEWHERE})


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        "$argon2i$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "=19=65536,t=3,p=4",
    ],
)
def test_a_password_in_place_of_its_hash_is_refused_unseen(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """A password, a weak hash or one that a shell has eaten is refused without being repeated."""
    sentence = refusal(monkeypatch, {"ADMIN_PASSWORD_HASH": value})
    assert sentence.startswith("ORACLE_ADMIN_PASSWORD_HASH is a value that is not shown here; ")
    assert "oracle admin hash-password" in sentence
    assert value not in sentence
