#!/bin/sh
# MariaDB in MySQL's place: it takes the same variables and the same arguments as MySQL's image.
set -eu

folder=/var/lib/mysql
mkdir -p "$folder" /run/mysqld
chown mysql: "$folder" /run/mysqld
if [ ! -d "$folder/mysql" ]; then
    mariadb-install-db --no-defaults --user=mysql --datadir="$folder" --skip-test-db \
        --auth-root-authentication-method=normal >/dev/null
fi
# Carried out at each start, and without effect at all but the first.
cat >/run/mysqld/init.sql <<SQL
CREATE DATABASE IF NOT EXISTS $MYSQL_DATABASE;
CREATE USER IF NOT EXISTS '$MYSQL_USER'@'%' IDENTIFIED BY '$MYSQL_PASSWORD';
GRANT ALL ON $MYSQL_DATABASE.* TO '$MYSQL_USER'@'%';
SQL
chmod 644 /run/mysqld/init.sql
exec mariadbd --no-defaults --user=mysql --datadir="$folder" --socket=/run/mysqld/mysqld.sock \
    --bind-address=0.0.0.0 --skip-name-resolve --init-file=/run/mysqld/init.sql "$@"
