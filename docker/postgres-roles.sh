#!/bin/bash
# Run once by the Postgres image, in an empty database: a role that owns and migrates, a role that serves.
set -euo pipefail
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner="$BILLING_OWNER_PASSWORD" --set app="$BILLING_APP_PASSWORD" <<'SQL'
CREATE ROLE billing_owner LOGIN PASSWORD :'owner';
CREATE ROLE billing_app LOGIN PASSWORD :'app';
CREATE DATABASE billing OWNER billing_owner;
REVOKE ALL ON DATABASE billing FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE billing TO billing_app;
\connect billing
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER SCHEMA public OWNER TO billing_owner;
GRANT USAGE ON SCHEMA public TO billing_app;
ALTER DEFAULT PRIVILEGES FOR ROLE billing_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO billing_app;
ALTER DEFAULT PRIVILEGES FOR ROLE billing_owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO billing_app;
SQL
