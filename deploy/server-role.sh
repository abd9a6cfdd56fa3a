#!/bin/sh
# Run once by the image of PostgreSQL, on an empty database: the role of the servers, which owns nothing. Its rights come with
# each `headgate migrate`.
set -eu
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 --set password="$SERVER_PASSWORD" <<'SQL'
create role headgate_server login password :'password';
SQL
