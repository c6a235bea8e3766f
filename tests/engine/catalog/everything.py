"""A database with one of every kind of object, and each of its properties changed once, with what that is called."""

from __future__ import annotations

from dataclasses import dataclass

SETUP = (
    "CREATE SCHEMA shop",
    "CREATE ROLE reader_{n} NOLOGIN",
    "CREATE ROLE rotating_{n} NOLOGIN",
    "CREATE EXTENSION IF NOT EXISTS plpgsql",
    "CREATE TYPE shop.state AS ENUM ('new', 'paid')",
    "CREATE TYPE shop.point AS (x integer, y integer)",
    "CREATE TYPE shop.span AS RANGE (subtype = float8)",
    "CREATE DOMAIN shop.quantity AS integer DEFAULT 1 CONSTRAINT positive CHECK (VALUE > 0)",
    "CREATE TABLE shop.customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL)",
    (
        "CREATE TABLE shop.orders (id serial PRIMARY KEY, customer bigint CONSTRAINT of_customer REFERENCES"
        " shop.customers, note text, total numeric(10, 2) DEFAULT 0,"
        " twice numeric GENERATED ALWAYS AS (total * 2) STORED,"
        " state shop.state, placed timestamptz DEFAULT '2026-01-01 00:00:00+00',"
        ' "Odd ""Name" integer, CONSTRAINT sane CHECK (total >= 0), CONSTRAINT one_note UNIQUE (customer, note))'
    ),
    "CREATE INDEX orders_note ON shop.orders (lower(note)) WHERE note IS NOT NULL",
    "CREATE INDEX orders_placed ON shop.orders (placed)",
    "CREATE STATISTICS shop.orders_together (ndistinct) ON customer, note FROM shop.orders",
    "CREATE VIEW shop.open_orders AS SELECT id, note FROM shop.orders WHERE state = 'new'",
    "CREATE MATERIALIZED VIEW shop.totals AS SELECT customer, sum(total) AS total FROM shop.orders GROUP BY customer",
    "CREATE SEQUENCE shop.numbers CACHE 5",
    "CREATE TABLE shop.events (at timestamptz NOT NULL, what text) PARTITION BY RANGE (at)",
    "CREATE TABLE shop.events_p1 PARTITION OF shop.events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
    "CREATE TABLE shop.events_p2 (at timestamptz NOT NULL, what text)",
    "CREATE TABLE shop.archived () INHERITS (shop.customers)",
    "CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE FUNCTION shop.add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a + b'",
    "CREATE FUNCTION shop.told() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE PROCEDURE shop.work() LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE AGGREGATE shop.total (integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0')",
    "CREATE TRIGGER touched BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch()",
    "CREATE RULE no_delete AS ON DELETE TO shop.customers DO INSTEAD NOTHING",
    "CREATE POLICY own_rows ON shop.orders USING (customer = 1)",
    "CREATE EVENT TRIGGER told_{n} ON ddl_command_end WHEN TAG IN ('CREATE CONVERSION') EXECUTE FUNCTION shop.told()",
    "CREATE FOREIGN DATA WRAPPER far",
    "CREATE SERVER away FOREIGN DATA WRAPPER far OPTIONS (host 'a', password 'hidden')",
    "CREATE USER MAPPING FOR PUBLIC SERVER away OPTIONS (password 'hidden')",
    "CREATE FOREIGN TABLE shop.remote (id integer) SERVER away OPTIONS (name 'r')",
    "CREATE PUBLICATION outward FOR TABLE shop.orders",
    "CREATE TEXT SEARCH CONFIGURATION shop.plain (COPY = pg_catalog.simple)",
    "CREATE TEXT SEARCH DICTIONARY shop.words (TEMPLATE = pg_catalog.simple, STOPWORDS = english)",
    'CREATE COLLATION shop.c (provider = libc, locale = "C")',
    "CREATE FUNCTION shop.same(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2'",
    "CREATE OPERATOR shop.=== (FUNCTION = shop.same, LEFTARG = integer, RIGHTARG = integer)",
    "CREATE FUNCTION shop.as_text(shop.point) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''''::text'",
    "CREATE CAST (shop.point AS text) WITH FUNCTION shop.as_text(shop.point)",
)
"""Run as a superuser in an empty database; `{n}` makes names of the whole server unique."""


@dataclass(frozen=True)
class Case:
    """One change, how to take it back, and the only sentence that it makes."""

    change: str
    undo: str
    told: str
    since: int = 15


CASES = (
    # schemas
    Case("CREATE SCHEMA other", "DROP SCHEMA other", "schema other was added"),
    Case(
        "COMMENT ON SCHEMA shop IS 'ours'",
        "COMMENT ON SCHEMA shop IS NULL",
        "schema shop was changed: comment: none → ours",
    ),
    Case(
        "GRANT USAGE ON SCHEMA shop TO reader_{n}",
        "REVOKE USAGE ON SCHEMA shop FROM reader_{n}",
        "schema shop was changed: granted: reader_{n}: none → USAGE",
    ),
    # tables
    Case(
        "CREATE TABLE shop.more (id integer PRIMARY KEY, note text)",
        "DROP TABLE shop.more",
        "table shop.more was added (with 2 columns, 1 constraint)",
    ),
    Case(
        "ALTER TABLE shop.customers OWNER TO reader_{n}",
        "ALTER TABLE shop.customers OWNER TO postgres",
        "table shop.customers was changed: owner: postgres → reader_{n}\n"
        "sequence shop.customers_id_seq was changed: owner: postgres → reader_{n}",
    ),
    Case(
        "ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE shop.orders DISABLE ROW LEVEL SECURITY",
        "table shop.orders became bound by row level security",
    ),
    Case(
        "ALTER TABLE shop.orders FORCE ROW LEVEL SECURITY",
        "ALTER TABLE shop.orders NO FORCE ROW LEVEL SECURITY",
        "table shop.orders became bound by row level security for its owner too",
    ),
    Case(
        "ALTER TABLE shop.events_p2 SET UNLOGGED",
        "ALTER TABLE shop.events_p2 SET LOGGED",
        "table shop.events_p2 became unlogged",
    ),
    Case(
        "ALTER TABLE shop.orders SET (fillfactor = 70)",
        "ALTER TABLE shop.orders RESET (fillfactor)",
        "table shop.orders was changed: storage options: none → fillfactor=70",
    ),
    Case(
        "ALTER TABLE shop.orders SET (toast.autovacuum_enabled = false)",
        "ALTER TABLE shop.orders RESET (toast.autovacuum_enabled)",
        "table shop.orders was changed: storage options of its TOAST table: none → autovacuum_enabled=false",
    ),
    Case(
        "ALTER TABLE shop.orders REPLICA IDENTITY FULL",
        "ALTER TABLE shop.orders REPLICA IDENTITY DEFAULT",
        "table shop.orders was changed: replica identity: none → full",
    ),
    Case(
        "COMMENT ON TABLE shop.orders IS 'all'",
        "COMMENT ON TABLE shop.orders IS NULL",
        "table shop.orders was changed: comment: none → all",
    ),
    Case(
        "GRANT SELECT, INSERT ON shop.orders TO reader_{n}",
        "REVOKE ALL ON shop.orders FROM reader_{n}",
        "table shop.orders was changed: granted: reader_{n}: none → INSERT, SELECT",
    ),
    Case(
        "GRANT SELECT ON shop.orders TO PUBLIC",
        "REVOKE ALL ON shop.orders FROM PUBLIC",
        "table shop.orders was changed: granted: PUBLIC: none → SELECT",
    ),
    Case(
        "GRANT SELECT ON shop.orders TO reader_{n} WITH GRANT OPTION",
        "REVOKE ALL ON shop.orders FROM reader_{n}",
        "table shop.orders was changed: granted: reader_{n}: none → SELECT with grant option",
    ),
    Case(
        "REVOKE DELETE ON shop.orders FROM postgres",
        "GRANT DELETE ON shop.orders TO postgres",
        "table shop.orders was changed: revoked: postgres: none → DELETE",
    ),
    Case(
        "ALTER TABLE shop.archived NO INHERIT shop.customers",
        "",
        "table shop.archived was changed: parents: shop.customers → none\n"
        "column shop.archived.id is no longer only inherited\n"
        "column shop.archived.name is no longer only inherited",
    ),
    # columns
    Case(
        "ALTER TABLE shop.customers ADD nick text",
        "ALTER TABLE shop.customers DROP nick",
        "column shop.customers.nick was added",
    ),
    Case(
        "ALTER TABLE shop.events_p2 DROP what",
        "ALTER TABLE shop.events_p2 ADD what text",
        "column shop.events_p2.what was removed",
    ),
    Case(
        "ALTER TABLE shop.events_p2 ALTER what TYPE varchar(20)",
        "ALTER TABLE shop.events_p2 ALTER what TYPE text",
        "column shop.events_p2.what was changed: type: text → character varying(20)",
    ),
    Case(
        'ALTER TABLE shop.events_p2 ALTER what TYPE text COLLATE "C"',
        "ALTER TABLE shop.events_p2 ALTER what TYPE text",
        'column shop.events_p2.what was changed: collation: none → "C"',
    ),
    Case(
        'ALTER TABLE shop.orders ALTER "Odd ""Name" SET NOT NULL',
        'ALTER TABLE shop.orders ALTER "Odd ""Name" DROP NOT NULL',
        'column shop.orders."Odd ""Name" became not null',
    ),
    Case(
        "ALTER TABLE shop.orders ALTER total SET DEFAULT 1",
        "ALTER TABLE shop.orders ALTER total SET DEFAULT 0",
        "column shop.orders.total was changed: default: 0 → 1",
    ),
    Case(
        "ALTER TABLE shop.orders ALTER twice DROP EXPRESSION",
        "",
        "column shop.orders.twice was changed: generated: (total * (2)::numeric) stored → none",
    ),
    Case(
        "ALTER TABLE shop.customers ALTER id SET GENERATED BY DEFAULT",
        "ALTER TABLE shop.customers ALTER id SET GENERATED ALWAYS",
        "column shop.customers.id was changed: identity: always → by default",
    ),
    Case(
        "ALTER TABLE shop.orders ALTER note SET STORAGE EXTERNAL",
        "ALTER TABLE shop.orders ALTER note SET STORAGE EXTENDED",
        "column shop.orders.note was changed: storage: none → external",
    ),
    Case(
        "ALTER TABLE shop.orders ALTER note SET COMPRESSION pglz",
        "ALTER TABLE shop.orders ALTER note SET COMPRESSION default",
        "column shop.orders.note was changed: compression: none → pglz",
    ),
    Case(
        "ALTER TABLE shop.orders ALTER note SET STATISTICS 500",
        "ALTER TABLE shop.orders ALTER note SET STATISTICS -1",
        "column shop.orders.note was changed: statistics target: none → 500",
    ),
    Case(
        "ALTER TABLE shop.orders ALTER note SET (n_distinct = 5)",
        "ALTER TABLE shop.orders ALTER note RESET (n_distinct)",
        "column shop.orders.note was changed: options: none → n_distinct=5",
    ),
    Case(
        "COMMENT ON COLUMN shop.orders.note IS 'free'",
        "COMMENT ON COLUMN shop.orders.note IS NULL",
        "column shop.orders.note was changed: comment: none → free",
    ),
    Case(
        "GRANT UPDATE (note) ON shop.orders TO reader_{n}",
        "REVOKE UPDATE (note) ON shop.orders FROM reader_{n}",
        "column shop.orders.note was changed: granted: reader_{n}: none → UPDATE",
    ),
    # constraints
    Case(
        "ALTER TABLE shop.orders ADD CONSTRAINT short CHECK (length(note) < 10)",
        "ALTER TABLE shop.orders DROP CONSTRAINT short",
        "constraint short on shop.orders was added",
    ),
    Case(
        "ALTER TABLE shop.orders DROP CONSTRAINT sane, ADD CONSTRAINT sane CHECK (total >= 0) NOT VALID",
        "ALTER TABLE shop.orders VALIDATE CONSTRAINT sane",
        "constraint sane on shop.orders became not validated",
    ),
    Case(
        "ALTER TABLE shop.orders ALTER CONSTRAINT of_customer DEFERRABLE",
        "ALTER TABLE shop.orders ALTER CONSTRAINT of_customer NOT DEFERRABLE",
        "constraint of_customer on shop.orders was changed: definition:"
        " FOREIGN KEY (customer) REFERENCES shop.customers(id) → "
        "FOREIGN KEY (customer) REFERENCES shop.customers(id) DEFERRABLE",
    ),
    Case(
        "ALTER TABLE shop.orders ALTER CONSTRAINT of_customer NOT ENFORCED",
        "ALTER TABLE shop.orders ALTER CONSTRAINT of_customer ENFORCED",
        "constraint of_customer on shop.orders was changed: definition:"
        " FOREIGN KEY (customer) REFERENCES shop.customers(id) → "
        "FOREIGN KEY (customer) REFERENCES shop.customers(id) NOT ENFORCED",
        since=18,
    ),
    Case(
        "ALTER TABLE shop.orders DISABLE TRIGGER ALL",
        "ALTER TABLE shop.orders ENABLE TRIGGER ALL",
        "constraint of_customer on shop.orders was changed: triggers: none → disabled\n"
        "trigger touched on shop.orders was changed: firing: none → never: disabled",
    ),
    Case(
        "COMMENT ON CONSTRAINT sane ON shop.orders IS 'why'",
        "COMMENT ON CONSTRAINT sane ON shop.orders IS NULL",
        "constraint sane on shop.orders was changed: comment: none → why",
    ),
    Case(
        "ALTER TABLE shop.orders CLUSTER ON one_note",
        "ALTER TABLE shop.orders SET WITHOUT CLUSTER",
        "constraint one_note on shop.orders became clustering its table",
    ),
    Case(
        "ALTER INDEX shop.one_note SET (fillfactor = 80)",
        "ALTER INDEX shop.one_note RESET (fillfactor)",
        "constraint one_note on shop.orders was changed: storage options: none → fillfactor=80",
    ),
    Case(
        "ALTER TABLE shop.orders ADD CONSTRAINT named NOT NULL note NOT VALID",
        "ALTER TABLE shop.orders DROP CONSTRAINT named",
        "column shop.orders.note became not null and became not null without being validated",
        since=18,
    ),
    # indexes
    Case("CREATE UNIQUE INDEX once ON shop.orders (placed)", "DROP INDEX shop.once", "index shop.once was added"),
    Case(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.orders_note'::regclass",
        "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'shop.orders_note'::regclass",
        "index shop.orders_note became invalid",
    ),
    Case(
        "DROP INDEX shop.orders_placed; CREATE INDEX orders_placed ON shop.orders (placed DESC)",
        "DROP INDEX shop.orders_placed; CREATE INDEX orders_placed ON shop.orders (placed)",
        "index shop.orders_placed was changed: definition: CREATE INDEX orders_placed ON shop.orders USING btree"
        " (placed) → CREATE INDEX orders_placed ON shop.orders USING btree (placed DESC)",
    ),
    Case(
        "ALTER TABLE shop.orders CLUSTER ON orders_placed",
        "ALTER TABLE shop.orders SET WITHOUT CLUSTER",
        "index shop.orders_placed became clustering its table",
    ),
    Case(
        "COMMENT ON INDEX shop.orders_placed IS 'fast'",
        "COMMENT ON INDEX shop.orders_placed IS NULL",
        "index shop.orders_placed was changed: comment: none → fast",
    ),
    Case(
        "ALTER INDEX shop.orders_note ALTER COLUMN 1 SET STATISTICS 300",
        "ALTER INDEX shop.orders_note ALTER COLUMN 1 SET STATISTICS -1",
        "index shop.orders_note was changed: statistics targets: 1: none → 300",
    ),
    # sequences
    Case(
        "ALTER SEQUENCE shop.numbers INCREMENT 2",
        "ALTER SEQUENCE shop.numbers INCREMENT 1",
        "sequence shop.numbers was changed: increment: 1 → 2",
    ),
    Case(
        "ALTER SEQUENCE shop.numbers CYCLE",
        "ALTER SEQUENCE shop.numbers NO CYCLE",
        "sequence shop.numbers became cycling",
    ),
    Case(
        "ALTER SEQUENCE shop.numbers OWNED BY shop.orders.note",
        "ALTER SEQUENCE shop.numbers OWNED BY NONE",
        "sequence shop.numbers was changed: owned by: none → shop.orders.note",
    ),
    Case(
        "GRANT USAGE ON SEQUENCE shop.numbers TO reader_{n}",
        "REVOKE USAGE ON SEQUENCE shop.numbers FROM reader_{n}",
        "sequence shop.numbers was changed: granted: reader_{n}: none → USAGE",
    ),
    # views
    Case(
        "CREATE OR REPLACE VIEW shop.open_orders AS SELECT id, note FROM shop.orders WHERE state = 'paid'",
        "CREATE OR REPLACE VIEW shop.open_orders AS SELECT id, note FROM shop.orders WHERE state = 'new'",
        "view shop.open_orders was changed: definition: …",
    ),
    Case(
        "ALTER VIEW shop.open_orders SET (security_barrier)",
        "ALTER VIEW shop.open_orders RESET (security_barrier)",
        "view shop.open_orders was changed: storage options: none → security_barrier=true",
    ),
    Case(
        "ALTER VIEW shop.open_orders ALTER note SET DEFAULT 'x'",
        "ALTER VIEW shop.open_orders ALTER note DROP DEFAULT",
        "column shop.open_orders.note was added",
    ),
    Case(
        "REFRESH MATERIALIZED VIEW shop.totals WITH NO DATA",
        "REFRESH MATERIALIZED VIEW shop.totals",
        "materialized view shop.totals became without its data",
    ),
    # partitions
    Case(
        "ALTER TABLE shop.events DETACH PARTITION shop.events_p1",
        "ALTER TABLE shop.events ATTACH PARTITION shop.events_p1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
        "table shop.events_p1 was changed: bound of its partition: FOR VALUES FROM ('2026-01-01 00:00:00+00') TO"
        " ('2026-02-01 00:00:00+00') → none; partition of: shop.events → none",
    ),
    Case(
        "CREATE TABLE shop.events_p3 PARTITION OF shop.events DEFAULT",
        "DROP TABLE shop.events_p3",
        "table shop.events_p3 was added (with 2 columns)",
    ),
    # routines
    Case(
        "CREATE OR REPLACE FUNCTION shop.add(a integer, b integer DEFAULT 1) RETURNS integer"
        " LANGUAGE sql VOLATILE AS 'SELECT a + b'",
        "CREATE OR REPLACE FUNCTION shop.add(a integer, b integer DEFAULT 1) RETURNS integer"
        " LANGUAGE sql IMMUTABLE AS 'SELECT a + b'",
        "function shop.add(integer, integer) was changed: definition: …",
    ),
    Case(
        "ALTER FUNCTION shop.add SECURITY DEFINER",
        "ALTER FUNCTION shop.add SECURITY INVOKER",
        "function shop.add(integer, integer) was changed: definition: …",
    ),
    Case(
        "REVOKE EXECUTE ON FUNCTION shop.add FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION shop.add TO PUBLIC",
        "function shop.add(integer, integer) was changed: revoked: PUBLIC: none → EXECUTE",
    ),
    Case(
        "CREATE OR REPLACE PROCEDURE shop.work() LANGUAGE plpgsql AS 'BEGIN NULL;END'",
        "CREATE OR REPLACE PROCEDURE shop.work() LANGUAGE plpgsql AS 'BEGIN END'",
        "procedure shop.work() was changed: definition: …",
    ),
    Case(
        "CREATE OR REPLACE AGGREGATE shop.total (integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '1')",
        "CREATE OR REPLACE AGGREGATE shop.total (integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0')",
        "aggregate shop.total(integer) was changed: initial state: 0 → 1",
    ),
    # triggers, rules, policies
    Case(
        "ALTER TABLE shop.orders DISABLE TRIGGER touched",
        "ALTER TABLE shop.orders ENABLE TRIGGER touched",
        "trigger touched on shop.orders was changed: firing: none → never: disabled",
    ),
    Case(
        "CREATE OR REPLACE TRIGGER touched BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch()",
        "CREATE OR REPLACE TRIGGER touched BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch()",
        "trigger touched on shop.orders was changed: definition: …",
    ),
    Case(
        "ALTER TABLE shop.customers DISABLE RULE no_delete",
        "ALTER TABLE shop.customers ENABLE RULE no_delete",
        "rule no_delete on shop.customers was changed: firing: none → never: disabled",
    ),
    Case(
        "CREATE OR REPLACE RULE no_delete AS ON DELETE TO shop.customers WHERE OLD.id = 1 DO INSTEAD NOTHING",
        "CREATE OR REPLACE RULE no_delete AS ON DELETE TO shop.customers DO INSTEAD NOTHING",
        "rule no_delete on shop.customers was changed: definition: …",
    ),
    Case(
        "ALTER POLICY own_rows ON shop.orders USING (customer = 2)",
        "ALTER POLICY own_rows ON shop.orders USING (customer = 1)",
        "policy own_rows on shop.orders was changed: using: (customer = 1) → (customer = 2)",
    ),
    Case(
        "ALTER POLICY own_rows ON shop.orders TO reader_{n}",
        "ALTER POLICY own_rows ON shop.orders TO PUBLIC",
        "policy own_rows on shop.orders was changed: roles: without PUBLIC and with reader_{n}",
    ),
    Case(
        "ALTER POLICY own_rows ON shop.orders WITH CHECK (true)",
        "DROP POLICY own_rows ON shop.orders; CREATE POLICY own_rows ON shop.orders USING (customer = 1)",
        "policy own_rows on shop.orders was changed: with check: none → true",
    ),
    Case(
        "ALTER EVENT TRIGGER told_{n} DISABLE",
        "ALTER EVENT TRIGGER told_{n} ENABLE",
        "event trigger told_{n} was changed: firing: none → never: disabled",
    ),
    # types
    Case("ALTER TYPE shop.state ADD VALUE 'lost' BEFORE 'paid'", "", "enum shop.state was changed: labels: with lost"),
    Case(
        "ALTER TYPE shop.point ADD ATTRIBUTE z integer",
        "ALTER TYPE shop.point DROP ATTRIBUTE z",
        "type shop.point was changed: attributes: with z integer",
    ),
    Case(
        "ALTER DOMAIN shop.quantity SET DEFAULT 2",
        "ALTER DOMAIN shop.quantity SET DEFAULT 1",
        "domain shop.quantity was changed: default: 1 → 2",
    ),
    Case(
        "ALTER DOMAIN shop.quantity SET NOT NULL",
        "ALTER DOMAIN shop.quantity DROP NOT NULL",
        "domain shop.quantity became not null",
    ),
    Case(
        "ALTER DOMAIN shop.quantity DROP CONSTRAINT positive",
        "ALTER DOMAIN shop.quantity ADD CONSTRAINT positive CHECK (VALUE > 0)",
        "constraint positive on shop.quantity was removed",
    ),
    Case("CREATE TYPE shop.other AS RANGE (subtype = integer)", "DROP TYPE shop.other", "type shop.other was added"),
    Case(
        "REVOKE USAGE ON TYPE shop.state FROM PUBLIC",
        "GRANT USAGE ON TYPE shop.state TO PUBLIC",
        "enum shop.state was changed: revoked: PUBLIC: none → USAGE",
    ),
    # the rest
    Case(
        "ALTER STATISTICS shop.orders_together SET STATISTICS 50",
        "ALTER STATISTICS shop.orders_together SET STATISTICS -1",
        "statistics shop.orders_together was changed: target: none → 50",
    ),
    Case(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO reader_{n}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA shop REVOKE SELECT ON TABLES FROM reader_{n}",
        "default privileges of postgres in shop for tables was added",
    ),
    Case(
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
        "default privileges of postgres for functions was added",
    ),
    Case(
        "ALTER PUBLICATION outward SET (publish = 'insert')",
        "ALTER PUBLICATION outward SET (publish = 'insert, update, delete, truncate')",
        "publication outward was changed: operations: insert, update, delete, truncate → insert",
    ),
    Case(
        "ALTER PUBLICATION outward ADD TABLE shop.customers",
        "ALTER PUBLICATION outward DROP TABLE shop.customers",
        "publication outward was changed: tables: with shop.customers",
    ),
    Case(
        "ALTER PUBLICATION outward SET TABLE shop.orders WHERE (id > 5)",
        "ALTER PUBLICATION outward SET TABLE shop.orders",
        "publication outward was changed: row filters: shop.orders: none → (id > 5)",
    ),
    Case(
        "ALTER SERVER away OPTIONS (SET host 'b')",
        "ALTER SERVER away OPTIONS (SET host 'a')",
        "server away was changed: options: without host=a and with host=b",
    ),
    Case(
        "ALTER FOREIGN TABLE shop.remote OPTIONS (SET name 's')",
        "ALTER FOREIGN TABLE shop.remote OPTIONS (SET name 'r')",
        "foreign table shop.remote was changed: options: without name=r and with name=s",
    ),
    Case(
        "CREATE USER MAPPING FOR reader_{n} SERVER away",
        "DROP USER MAPPING FOR reader_{n} SERVER away",
        "user mapping of reader_{n} on away was added",
    ),
    Case(
        "ALTER TEXT SEARCH CONFIGURATION shop.plain ALTER MAPPING FOR asciiword WITH english_stem",
        "ALTER TEXT SEARCH CONFIGURATION shop.plain ALTER MAPPING FOR asciiword WITH simple",
        "text search configuration shop.plain was changed: mappings: asciiword: simple → english_stem",
    ),
    Case(
        "ALTER TEXT SEARCH DICTIONARY shop.words (STOPWORDS = danish)",
        "ALTER TEXT SEARCH DICTIONARY shop.words (STOPWORDS = english)",
        "text search dictionary shop.words was changed: options: stopwords = 'english' → stopwords = 'danish'",
    ),
    Case(
        "CREATE OPERATOR shop.!== (FUNCTION = shop.same, LEFTARG = integer, RIGHTARG = integer)",
        "DROP OPERATOR shop.!== (integer, integer)",
        "operator shop.!==(integer,integer) was added",
    ),
    Case(
        "DROP CAST (shop.point AS text)",
        "CREATE CAST (shop.point AS text) WITH FUNCTION shop.as_text(shop.point)",
        "cast shop.point as text was removed",
    ),
    Case(
        "COMMENT ON COLLATION shop.c IS 'plain'",
        "COMMENT ON COLLATION shop.c IS NULL",
        "collation shop.c was changed: comment: none → plain",
    ),
    Case(
        "UPDATE pg_extension SET extversion = '9'",
        "UPDATE pg_extension SET extversion = '1.0'",
        "extension plpgsql was changed: version: 1.0 → 9",
    ),
)
