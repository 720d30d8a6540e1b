"""The typed class of all settings, their defaults and what each is for."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from oracle.domain.errors import SettingsError
from oracle.settings.digest_values import Mailbox, SmtpUrl, Span, TimeOfDay, TimeZoneName
from oracle.settings.problems import list_problems
from oracle.settings.protected_values import (
    BucketName,
    DatabaseTls,
    PasswordHash,
    SecretName,
    tls_by_default,
)
from oracle.settings.refusals import PREFIX
from oracle.settings.values import (
    DatabaseUrl,
    Environment,
    Host,
    Hosts,
    LogFormat,
    LogLevel,
    MailerKind,
    Market,
    Moment,
    Revision,
    Symbols,
    WebOrigin,
)

DEFAULT_WATCHLIST = ("AAPL", "MSFT", "JPM", "JNJ", "XOM", "WMT", "KO", "HD", "LLY", "PG")
DEFAULT_POOL = (
    *DEFAULT_WATCHLIST,
    *("AMD", "BAC", "BBY", "CVX", "GE", "MRK", "PEP", "PFE", "RRC", "UNH"),
)


def _local_base_url(values: dict[str, Any]) -> str:
    host = str(values.get("host", "127.0.0.1"))
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - nothing is bound here, an address is shown.
        host = "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{values.get('port', 8000)}"


def _pool_around(values: dict[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*DEFAULT_POOL, *values.get("watchlist", ()))))


class Settings(BaseSettings):
    """The configuration; each field is the variable `ORACLE_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    environment: Environment = Field(
        Environment.DEVELOPMENT,
        description="`production` demands real secrets and refuses rehearsal settings.",
    )
    revision: Revision = Field(
        "unknown", description="The source's revision that runs here, for `oracle_build_info`."
    )
    host: Host = Field("127.0.0.1", description="Address the website listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the website listens on.")
    metrics_host: Host = Field("127.0.0.1", description="Address the metrics listen on.")
    metrics_port: int = Field(
        9464, ge=0, le=65535, description="Port of `/metrics`, never the public one; 0 is none."
    )
    base_url: WebOrigin = Field(
        default_factory=_local_base_url,
        description="Public address of the site, used in links; "
        "if not set, `http://` with the host and port above.",
    )
    allowed_hosts: Hosts = Field(
        (), description="Further host names the site answers to, besides that of the base URL."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Load balancers in front, whose X-Forwarded-For is believed."
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs links; production needs at least 32 characters. Without one it is kept "
        "beside a SQLite file, and on a server made up at each start.",
    )
    database_url: DatabaseUrl = Field(
        SecretStr("sqlite+aiosqlite:///var/oracle.db"),
        description="`sqlite:///file` or `mysql://user:password@host:port/database`.",
    )
    database_secret: SecretName = Field(
        "",
        description="Secret of AWS Secrets Manager, name or ARN, with the database's `username` "
        "and `password`, as RDS keeps it; the address above then has neither.",
    )
    database_tls: DatabaseTls = Field(
        default_factory=tls_by_default,
        description="`off`, `required` (encrypted) or `verify` (and the server's certificate is "
        "checked); if not set, `verify` in production unless the server is on this machine, else "
        "`off`.",
    )
    database_ca: str = Field(
        "",
        description="File of the authorities (PEM) that may have signed the server's certificate, "
        "such as RDS's global bundle; if not set, those of the system.",
    )
    database_tls_name: Host | None = Field(
        None,
        description="Name in the server's certificate where it is not the host of the address, "
        "such as the endpoint of RDS behind a name of one's own.",
    )
    database_deadline: float = Field(
        5.0, gt=0, le=60, description="Seconds a transaction may take; less if a visitor waits."
    )
    database_pool_size: int = Field(10, ge=1, le=100, description="Connections kept to MySQL.")
    market: Market = Field(
        Market.AUTO,
        description="`auto` takes Yahoo if it answers within 3 s at start, else the sample market.",
    )
    yahoo_url: WebOrigin | None = Field(
        None, description="A server in Yahoo's place, for rehearsals; refused in production."
    )
    now: Moment | None = Field(
        None,
        description="Where the market clock of each process starts when that process does, such "
        "as 2022-12-28T21:30:00Z; refused in production.",
    )
    feed_deadline: float = Field(
        8.0, gt=0, le=60, description="Seconds one request for prices may take."
    )
    feed_threads: int = Field(8, ge=1, le=32, description="Requests for prices at a time.")
    quote_seconds: float = Field(
        60.0,
        ge=1,
        le=3600,
        description="Seconds a price counts as fresh while the market trades; open pages cause "
        "one question to the feed in that time at most, however many there are.",
    )
    live_viewers: int = Field(
        500,
        ge=0,
        le=10_000,
        description="Open pages that one process sends new prices to while the market trades; "
        "0 is none.",
    )
    watchlist: Symbols = Field(
        DEFAULT_WATCHLIST, description="The ten symbols that are ranked, separated by commas."
    )
    pool: Symbols = Field(
        default_factory=_pool_around,
        description="The stocks that train the shared coefficients: at least 20, the watchlist "
        "among them; if not set, twenty well-known ones and the watchlist.",
    )
    cache_folder: str = Field(
        "var/cache",
        min_length=1,
        description="Writable folder for the feed client's cache and unfinished backtests.",
    )
    image_folder: str = Field(
        "static/images",
        min_length=1,
        description="Folder whose pictures `/images/` serves; a company's is `companies/aapl.svg`, "
        "`.webp` or `.png`. With a bucket, what is shown of what the bucket does not have.",
    )
    image_bucket: BucketName = Field(
        "", description="Bucket of S3 that keeps the pictures instead of the folder."
    )
    image_region: str = Field(
        "", description="AWS region of that bucket; if not set, `ORACLE_SES_REGION`."
    )
    image_max_bytes: int = Field(
        5_000_000,
        ge=1000,
        le=50_000_000,
        description="Most bytes of a picture that may be uploaded.",
    )
    image_base_url: WebOrigin | None = Field(
        None,
        description="Where pages take pictures from, such as a content network before `/images/`; "
        "if not set, this site itself.",
    )
    admin_password_hash: PasswordHash = Field(
        SecretStr(""),
        description="Of the password for `/admin/images`, from `oracle admin hash-password`; "
        "without it there are no such pages.",
    )
    mailer: MailerKind = Field(
        MailerKind.FOLDER,
        description="`folder` keeps mail as files, `smtp` and `ses` send it; sample data is never "
        "sent.",
    )
    mail_folder: str = Field(
        "var/mail", min_length=1, description="Writable folder of the `folder` mailer."
    )
    mail_from: Mailbox = Field(
        "Oracle <digest@oracle.invalid>", description="Sender of all mail; a real one to send."
    )
    mail_rate: float = Field(
        10.0,
        gt=0,
        le=10_000,
        description="Mails per second that the provider allows, all instances together; "
        "four fifths of it are used.",
    )
    mail_deadline: float = Field(
        10.0, gt=0, le=60, description="Seconds that handing over one mail may take."
    )
    mail_concurrency: int = Field(
        5,
        ge=1,
        le=200,
        description="Mails handed over at a time, all instances together, one of each at least; "
        "as many are tried in vain when the account is paused.",
    )
    mail_patience: float = Field(
        120.0,
        gt=0,
        le=3600,
        description="Seconds until the provider, having refused all mail, is tried again, and "
        "within which it reports on a mail.",
    )
    smtp_url: SmtpUrl = Field(
        SecretStr("smtp://127.0.0.1:1025"),
        description="Mail server of the `smtp` mailer, `smtp://user:password@host:port`.",
    )
    ses_region: str = Field(
        "us-east-1", min_length=1, description="AWS region of the `ses` mailer and its reports."
    )
    ses_endpoint: WebOrigin | None = Field(
        None, description="A server in the place of AWS, for rehearsals; refused in production."
    )
    ses_configuration_set: str = Field(
        "", description="SES configuration set, whose events are reported."
    )
    mail_events_queue: str = Field(
        "", description="Address of the SQS queue with the events that SES reports."
    )
    mail_events_topic: str = Field("", description="ARN of the SNS topic that they must come by.")
    digest_time: TimeOfDay = Field(
        time(18, 0), description="Time of day from which the digest of a session is sent."
    )
    digest_timezone: TimeZoneName = Field(
        "America/New_York", description="Time zone of that time of day."
    )
    digest_window: Span = Field(
        timedelta(hours=4),
        description="How long after that time it may still be sent, such as `4h` or `90m`.",
    )
    leader_heartbeat: float = Field(
        5.0, gt=0, le=60, description="Seconds between a leader's signs of life."
    )
    leader_patience: float = Field(
        12.0,
        gt=0,
        le=300,
        description="Seconds after its last good sign of life at which a leader steps down.",
    )
    leader_lease: float = Field(
        15.0,
        gt=0,
        le=600,
        description="Seconds after which the database gives a silent leader's lock away.",
    )
    delivery_lease: float = Field(
        60.0,
        gt=0,
        le=3600,
        description="Seconds after which a claimed mail whose sender is silent counts as unknown.",
    )
    drain_seconds: float = Field(
        4.0, ge=0, le=60, description="Seconds between not-ready and stopping, at a shutdown."
    )
    log_format: LogFormat = Field(
        LogFormat.AUTO, description="`json`, `pretty`, or `auto`: pretty on a terminal."
    )
    log_level: LogLevel = Field(LogLevel.INFO, description="`debug`, `info`, `warning` or `error`.")

    @property
    def is_rehearsal(self) -> bool:
        """Whether Yahoo's place is taken by another server, or the market clock was moved."""
        return self.yahoo_url is not None or self.now is not None

    @property
    def is_production(self) -> bool:
        """Whether this is the production environment."""
        return self.environment is Environment.PRODUCTION

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        problems = list_problems(self)
        if problems:
            raise SettingsError(" ".join(problems))
        return self
