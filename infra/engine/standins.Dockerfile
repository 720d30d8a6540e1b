# What takes a place for `make test-containers` where no registry is within reach. It is a Debian
# made on the machine, with Debian's programs: npm to build with, and MariaDB, HAProxy and a mail
# server to run beside the application.
ARG BASE_IMAGE
FROM ${BASE_IMAGE} AS node
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends npm \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/*

FROM ${BASE_IMAGE} AS services
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        haproxy mariadb-client-compat mariadb-server python3-aiosmtpd wget \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /var/lib/mysql
COPY start_mariadb.sh /usr/local/bin/
ENTRYPOINT []
