#!/bin/sh
# Starts Alertmanager with the environment's words in its configuration; further arguments are its.
# With ALARM_TOPIC_ARN, in AWS_REGION, alerts go to that topic of SNS by the machine's role, and by
# mail as well if there is OPERATORS_SMTP_USER. Without any, mail goes to Mailpit beside it: nobody
# outside is ever written to by default.
# RUNBOOKS_URL is what stands before docs/runbooks/..., with the slash at its end.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=${ALERTMANAGER_FOLDER:-/tmp/alertmanager}
: "${OPERATORS_MAIL:=operators@oracle.invalid}"
: "${OPERATORS_PAGE_MAIL:=$OPERATORS_MAIL}"
: "${OPERATORS_MAIL_FROM:=alerts@oracle.invalid}"
: "${OPERATORS_SMTP_HOST:=mailpit:1025}"
: "${OPERATORS_SMTP_USER:=}"
: "${OPERATORS_SMTP_PASSWORD_FILE:=/run/secrets/operators_smtp_password}"
: "${OPERATORS_SMTP_TLS:=false}"
: "${ALARM_TOPIC_ARN:=}"
: "${AWS_REGION:=}"
: "${GRAFANA_URL:=http://127.0.0.1:3000}"
: "${RUNBOOKS_URL:=}"

# A word is put in as it is: what would end the quotes around it, or sed's command, is refused.
words=
for name in OPERATORS_MAIL OPERATORS_PAGE_MAIL OPERATORS_MAIL_FROM OPERATORS_SMTP_HOST \
    OPERATORS_SMTP_USER OPERATORS_SMTP_PASSWORD_FILE OPERATORS_SMTP_TLS ALARM_TOPIC_ARN AWS_REGION \
    GRAFANA_URL RUNBOOKS_URL; do
    eval "value=\$$name"
    case $value in
    *['"|&\']*)
        echo "$name is '$value'; it must not contain a quote, a bar, an ampersand or a backslash." >&2
        exit 2
        ;;
    esac
    words="$words
s|%$name%|$value|g"
done

if [ -z "$ALARM_TOPIC_ARN" ]; then
    words="$words
/^ *# by the topic$/,/^ *# end$/d"
elif [ -z "$AWS_REGION" ]; then
    echo "ALARM_TOPIC_ARN is set, and AWS_REGION is not: set it to the topic's region." >&2
    exit 2
elif [ -z "$OPERATORS_SMTP_USER" ]; then
    words="$words
/^ *# by mail$/,/^ *# end$/d"
fi

mkdir -p "$folder"
for file in alertmanager.yml mail.tmpl; do
    sed -e "$words" "$here/$file" >"$folder/$file"
done
exec "${ALERTMANAGER:-alertmanager}" --config.file="$folder/alertmanager.yml" "$@"
