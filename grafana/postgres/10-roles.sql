-- Runs once, by the superuser, when the data folder is made. Two roles instead of one:
--   sluice_migrate  owns the schema `sluice` and nothing else; used by `sluice migrate`
--   sluice_app      reads and writes the rows there; used by gateways, drainers, followers and ops
-- Passwords come from the environment, so that none is written down.
\getenv app_password DATABASE_PASSWORD
\getenv migrate_password DATABASE_MIGRATE_PASSWORD

CREATE ROLE sluice_migrate LOGIN PASSWORD :'migrate_password';
CREATE ROLE sluice_app LOGIN PASSWORD :'app_password';

REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO sluice_migrate, sluice_app;

CREATE SCHEMA sluice AUTHORIZATION sluice_migrate;
GRANT USAGE ON SCHEMA sluice TO sluice_app;
ALTER DEFAULT PRIVILEGES FOR ROLE sluice_migrate IN SCHEMA sluice
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO sluice_app;
ALTER DEFAULT PRIVILEGES FOR ROLE sluice_migrate IN SCHEMA sluice
  GRANT USAGE ON SEQUENCES TO sluice_app;
ALTER ROLE sluice_migrate IN DATABASE :"DBNAME" SET search_path = sluice;
ALTER ROLE sluice_app IN DATABASE :"DBNAME" SET search_path = sluice;
