# The application as an image: `docker build --build-arg REVISION="$(git rev-parse HEAD)" -t oracle .`
#
# BASE_IMAGE takes the place of both bases at once, for a machine without a registry: any Debian with
# python3 (3.11 or newer, venv), npm and ca-certificates. docs/containers.md says what else is where.
ARG BASE_IMAGE=
ARG NODE_IMAGE=${BASE_IMAGE:-node-base}
ARG PYTHON_IMAGE=${BASE_IMAGE:-python-base}

# Stages of their own, since Dependabot follows versions that stand in a FROM, and none in an ARG. A
# base whose place another image takes is not fetched.
FROM node:22.22.2-trixie-slim AS node-base
FROM python:3.13.13-slim-trixie AS python-base

# --- the browser's scripts ---------------------------------------------------------------------
FROM ${NODE_IMAGE} AS assets
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
COPY scripts/copy_vendor.mjs scripts/
RUN npm run --silent vendor

# --- Python's packages, as uv.lock names them, and the application among them --------------------
FROM ${PYTHON_IMAGE} AS environment
ARG UV_VERSION=0.13.9
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_NO_PROGRESS=1 \
    UV_PYTHON=python3 \
    UV_PYTHON_DOWNLOADS=never \
    UV_SYSTEM_CERTS=true
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir "uv==${UV_VERSION}"
WORKDIR /opt/oracle
# Dependencies are a layer of their own: a change of the application alone does not fetch them anew.
COPY pyproject.toml uv.lock ./
RUN /opt/uv/bin/uv sync --frozen --no-default-groups --no-install-project
COPY LICENSE README.md ./
COPY oracle oracle
COPY scheduler scheduler
# No tests of others are ever run here, and the application's own bytecode is made once, now.
RUN /opt/uv/bin/uv sync --frozen --no-default-groups \
    && find .venv -type d -name tests -path '*/site-packages/*' -prune -exec rm -rf {} + \
    && .venv/bin/python -m compileall -q oracle scheduler
COPY templates templates
COPY static static
COPY --from=assets /build/static/vendor static/vendor

# --- what runs -----------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE}
# Whatever Debian has of them is right: security updates must not wait for a version written here.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates tini \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 oracle \
    && useradd --system --uid 10001 --gid oracle --home-dir /var/lib/oracle --no-create-home \
        --shell /usr/sbin/nologin oracle \
    && install --directory --owner=oracle --group=oracle --mode=0750 /var/lib/oracle

# Root's, and so not the application's to change.
COPY --from=environment /opt/oracle /opt/oracle
WORKDIR /opt/oracle

# Only /tmp and /var/lib/oracle are written to, so the root may be read-only.
ENV PATH=/opt/oracle/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ORACLE_HOST=0.0.0.0 \
    ORACLE_PORT=8000 \
    ORACLE_METRICS_HOST=0.0.0.0 \
    ORACLE_METRICS_PORT=9464 \
    ORACLE_CACHE_FOLDER=/var/lib/oracle/cache \
    ORACLE_DATABASE_URL=sqlite:////var/lib/oracle/oracle.db \
    ORACLE_MAIL_FOLDER=/var/lib/oracle/mail

VOLUME ["/var/lib/oracle"]
USER 10001:10001
EXPOSE 8000 9464
STOPSIGNAL SIGTERM
# An answer other than 2xx is an exception, and so an exit code that is not 0.
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['ORACLE_PORT'] + '/healthz/ready', timeout=4)"]
ENTRYPOINT ["tini", "--"]
CMD ["oracle", "serve"]

# Last, because it is another one with each build.
ARG REVISION=unknown
ENV ORACLE_REVISION=${REVISION}
LABEL org.opencontainers.image.title="Oracle" \
    org.opencontainers.image.description="Predicts the next session's closing price of stocks and says honestly how sure it is." \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.revision="${REVISION}"
