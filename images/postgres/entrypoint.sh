#!/bin/sh
# Makes a database cluster in $PGDATA where there is none, then becomes the server.
#   POSTGRES_PASSWORD  the superuser's password; required for a new cluster
#   POSTGRES_USER      the superuser; postgres
#   POSTGRES_DB        a database to create; the superuser's name
#   /docker-entrypoint-initdb.d/*.sql  run once in that database, in the order of their names
set -eu
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

if [ "${1:-postgres}" != postgres ]; then exec "$@"; fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -z "${POSTGRES_PASSWORD:-}" ]; then
        echo "Set POSTGRES_PASSWORD: a new database cluster needs the superuser's password." >&2
        exit 1
    fi
    mkdir -p "$PGDATA"
    chmod 0700 "$PGDATA" 2>/dev/null || true # a volume's own folder belongs to somebody else
    secret=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" > "$secret"
    initdb --username="$user" --pwfile="$secret" --encoding=UTF8 --locale=C.UTF-8 --no-sync \
        --auth-local=trust --auth-host=scram-sha-256 > /dev/null
    rm -f "$secret"
    echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
    pg_ctl --silent --wait --options="-c listen_addresses='' -c unix_socket_directories=/tmp" start > /dev/null
    if [ "$database" != postgres ]; then createdb --host=/tmp --username="$user" --maintenance-db=postgres "$database"; fi
    for script in /docker-entrypoint-initdb.d/*.sql; do
        [ -f "$script" ] || continue
        psql --host=/tmp --username="$user" --dbname="$database" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file="$script"
    done
    pg_ctl --silent --wait --mode=fast stop > /dev/null
fi

shift $(($# > 0 ? 1 : 0))
exec postgres -c listen_addresses='*' "$@"
