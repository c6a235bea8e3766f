"""Scripts that lose rows or values of what was there, and a database for them to lose them in."""

HOLDINGS = """
CREATE SCHEMA app;
SET search_path = app, public;
CREATE TABLE users (id int PRIMARY KEY, name text, code int);
INSERT INTO users SELECT n, 'x', n FROM generate_series(1, 20) n;
CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE);
INSERT INTO posts SELECT n, n FROM generate_series(1, 20) n;
CREATE TABLE empty (id int PRIMARY KEY);
CREATE TABLE lists (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE low PARTITION OF lists FOR VALUES FROM (0) TO (100);
CREATE TABLE high (id int NOT NULL);
INSERT INTO low SELECT generate_series(1, 20);
INSERT INTO high SELECT generate_series(101, 120);
CREATE TABLE parent (a int, b text);
CREATE TABLE child () INHERITS (parent);
INSERT INTO child SELECT n, 'x' FROM generate_series(1, 20) n;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN score AS int;
CREATE TABLE typed (id int, m mood, p pair, s score);
INSERT INTO typed SELECT n, 'good', ROW(n, 'x'::text)::pair, n FROM generate_series(1, 20) n;
CREATE TABLE computed (a int, b int GENERATED ALWAYS AS (a + 1) STORED);
INSERT INTO computed SELECT generate_series(1, 20);
CREATE VIEW shown AS SELECT * FROM users;
CREATE FUNCTION older() RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM users; RETURN 1; END$$;
CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM users';
CREATE FUNCTION renamed() RETURNS bigint LANGUAGE sql AS 'SELECT counted()';
CREATE FUNCTION bound() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM users; END;
CREATE FUNCTION older_by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN DELETE FROM users; RETURN NEW; END$$;
CREATE TABLE public.users (id int, name text);
INSERT INTO public.users SELECT n, 'x' FROM generate_series(1, 20) n;
CREATE SCHEMA s;
CREATE TABLE s.users (id int);
INSERT INTO s.users SELECT generate_series(1, 20);
CREATE FUNCTION watching() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TABLE watched (id int);
CREATE TRIGGER watch AFTER INSERT ON watched FOR EACH ROW EXECUTE FUNCTION watching();
CREATE TABLE s.t (id int);
CREATE TYPE other AS ENUM ('a');
CREATE TYPE single AS (id int);
CREATE TABLE shaped (a int);
CREATE FUNCTION doubled(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
CREATE EXTENSION hstore;
CREATE EXTENSION pgcrypto;
CREATE TABLE shapes (s shaped, d int GENERATED ALWAYS AS (doubled(1)) STORED, h hstore);
INSERT INTO shapes (s, h) SELECT ROW(1)::shaped, 'a=>1' FROM generate_series(1, 20);
CREATE TABLE log_10 (a int);
INSERT INTO log_10 SELECT generate_series(1, 20);
CREATE VIEW of_empty AS SELECT * FROM empty;
ALTER TABLE s.t ADD e int REFERENCES empty;
"""

_PURGE = "CREATE FUNCTION purge() RETURNS int LANGUAGE sql AS 'WITH d AS (DELETE FROM users RETURNING 1) SELECT 1'; "
_FIXED = (
    "CREATE FUNCTION purge() RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM app.users; RETURN 1; END'; "
    "CREATE FUNCTION fixed(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM app.purge(); RETURN 1; END'; "
)
_EMPTIES = "CREATE FUNCTION e(t text) RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'TRUNCATE ' || t; END$$; "
_STALE = (
    "FOREACH t IN ARRAY ARRAY['posts'] LOOP s := 'TRUNCATE ' || t; END LOOP; "
    "FOREACH t IN ARRAY ARRAY['n'] LOOP EXECUTE s; END LOOP;"
)
_BY_TRIGGER = (
    "CREATE FUNCTION purged() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM users; RETURN NEW; END'; "
)
_BY_COMMAND = (
    "CREATE FUNCTION purged() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM app.posts; END'; "
    "CREATE EVENT TRIGGER g ON ddl_command_end EXECUTE FUNCTION purged(); "
)
_BY_CAST = (
    "CREATE FUNCTION purged(pair) RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM users; RETURN 1; END'; "
    "CREATE CAST (pair AS int) WITH FUNCTION purged(pair); "
)
_TO_ENUM = (
    "CREATE TYPE n AS ENUM ('none'); CREATE FUNCTION emptied(mood) RETURNS n LANGUAGE sql AS 'SELECT ''none''::app.n'; "
    "CREATE CAST (mood AS n) WITH FUNCTION emptied(mood); "
)
_KEY = "CREATE TABLE n (id int PRIMARY KEY); INSERT INTO n SELECT id FROM users; "
_HEIR = "CREATE TABLE n (id int); ALTER TABLE s.users INHERIT n; "

LOSING = (
    "DROP TABLE users CASCADE",
    "SELECT older()",
    "DO $$ BEGIN PERFORM older(); END $$",
    "SELECT bound()",
    "ALTER TABLE users RENAME TO o; CREATE TABLE users (id int); SELECT bound()",
    "ALTER FUNCTION counted() RENAME TO n; ALTER FUNCTION older() RENAME TO counted; SELECT counted()",
    "CREATE OR REPLACE FUNCTION counted() RETURNS bigint LANGUAGE sql AS 'SELECT older()::bigint'; SELECT renamed()",
    "TRUNCATE users CASCADE",
    "DELETE FROM users",
    "UPDATE users SET name = 'y'",
    "ALTER TABLE users DROP COLUMN name CASCADE",
    "ALTER TABLE typed ALTER id TYPE smallint USING NULL",
    "ALTER TABLE typed ALTER m TYPE varchar(3) USING m::varchar(3)",
    "ALTER TABLE typed ALTER m TYPE mood USING 'bad'::mood",
    "CREATE DOMAIN n AS varchar(3); ALTER TABLE typed ALTER m TYPE n USING m::text::n",
    "DROP VIEW shown; CREATE TYPE n AS ENUM ('z'); ALTER TABLE users ALTER name TYPE n USING 'z'::n",
    (
        "CREATE FUNCTION pg_temp.z(mood) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 0'; "
        "CREATE CAST (mood AS int) WITH FUNCTION pg_temp.z(mood); ALTER TABLE typed ALTER m TYPE int USING m::int"
    ),
    "ALTER TABLE typed ALTER m TYPE varchar(2) USING m::varchar(2)",
    "ALTER TABLE typed ALTER m TYPE mood USING 'bad'",
    _TO_ENUM + "ALTER TABLE typed ALTER m TYPE n USING m::n",
    "UPDATE users SET name = 'y' WHERE name IS NULL OR id > 0",
    "UPDATE users AS u SET name = coalesce(n.name::text, 'y') FROM posts AS n(name) WHERE n.name = u.id",
    "DROP TABLE posts; DROP TABLE IF EXISTS public.users",
    "DROP TABLE app.users CASCADE; DROP TABLE users",
    # parents and partitions
    _HEIR + "DROP TABLE n CASCADE",
    _HEIR + "TRUNCATE n",
    _HEIR + "DELETE FROM n",
    _HEIR + "UPDATE n SET id = -id",
    _HEIR + "ALTER TABLE n RENAME TO m; DELETE FROM m",
    (
        "CREATE TABLE n (id int NOT NULL) PARTITION BY RANGE (id); "
        "ALTER TABLE n ATTACH PARTITION high FOR VALUES FROM (100) TO (200); DROP TABLE n"
    ),
    (
        "CREATE TABLE n (id int NOT NULL) PARTITION BY RANGE (id); CREATE TABLE m (id int NOT NULL); "
        "ALTER TABLE n ATTACH PARTITION m FOR VALUES FROM (0) TO (100); "
        "ALTER TABLE n ATTACH PARTITION high FOR VALUES FROM (100) TO (200); TRUNCATE n"
    ),
    (
        "ALTER TABLE low RENAME TO l; ALTER TABLE lists DETACH PARTITION l; "
        "ALTER TABLE lists ATTACH PARTITION high FOR VALUES FROM (100) TO (200); DROP TABLE lists"
    ),
    "ALTER TABLE lists DETACH PARTITION low; DROP TABLE low",
    "ALTER TABLE parent RENAME b TO c; UPDATE child SET c = 'y'",
    "ALTER TABLE parent RENAME b TO c; ALTER TABLE parent DROP COLUMN c",
    # schemas
    "CREATE SCHEMA n; ALTER TABLE users SET SCHEMA n; DROP SCHEMA n CASCADE",
    "CREATE SCHEMA n; ALTER TYPE mood SET SCHEMA n; DROP SCHEMA n CASCADE",
    "CREATE SCHEMA n; ALTER DOMAIN score SET SCHEMA n; DROP DOMAIN n.score CASCADE",
    "CREATE SCHEMA n; ALTER TABLE users SET SCHEMA n; ALTER SCHEMA n RENAME TO m; DROP TABLE m.users CASCADE",
    "CREATE SCHEMA n; CREATE TABLE n.p (id int); ALTER TABLE s.users INHERIT n.p; DROP SCHEMA n CASCADE",
    "CREATE SCHEMA n; ALTER TABLE s.users SET SCHEMA n; CREATE TABLE IF NOT EXISTS n.users (a int); DROP TABLE n.users",
    "ALTER TABLE s.users RENAME TO u; ALTER SCHEMA s RENAME TO z; DROP TABLE z.u",
    "DROP SCHEMA s CASCADE",
    # names
    "ALTER TABLE users RENAME TO o; CREATE TABLE users (id int); DROP TABLE o CASCADE",
    "ALTER TABLE users RENAME TO o; DROP TABLE users",
    "CREATE TABLE n (id int); ALTER TABLE n RENAME TO m; ALTER TABLE high RENAME TO n; DROP TABLE n",
    "CREATE TYPE n AS ENUM ('a'); DROP TYPE n; ALTER TYPE mood RENAME TO n; DROP TYPE n CASCADE",
    "CREATE TEMP TABLE high (id int); DROP TABLE high; DROP TABLE high",
    "CREATE TEMP TABLE high (id int); DISCARD TEMP; DROP TABLE high",
    "BEGIN; CREATE TEMP TABLE high (id int) ON COMMIT DROP; COMMIT; DROP TABLE high",
    "CREATE TABLE IF NOT EXISTS high (id int); DROP TABLE high",
    # savepoints and settings
    "BEGIN; SAVEPOINT a; ALTER TABLE high RENAME TO o; CREATE TABLE high (); ROLLBACK TO a; DROP TABLE high; COMMIT",
    "BEGIN; SAVEPOINT a; SET search_path = public; ROLLBACK TO a; DROP TABLE high; COMMIT",
    "BEGIN; SET LOCAL search_path = s; COMMIT; DROP TABLE high",
    "SET search_path = s; DROP TABLE users",
    "CREATE TABLE s.high (id int); SET search_path = s; DROP TABLE high; SET search_path = app; DROP TABLE high",
    "ALTER TABLE users RENAME TO o; CREATE TABLE users (id int); SET search_path TO DEFAULT; DROP TABLE users",
    "SELECT * FROM set_config('search_path', 's', false); DROP TABLE users",
    "DO $$BEGIN PERFORM set_config('search_path', 's', false); END$$; DROP TABLE users",
    # foreign keys
    _KEY + "ALTER TABLE posts ADD FOREIGN KEY (id) REFERENCES n ON DELETE CASCADE; DELETE FROM n",
    _KEY + "ALTER TABLE posts ADD FOREIGN KEY (user_id) REFERENCES n ON DELETE SET NULL; DELETE FROM n",
    _KEY + "ALTER TABLE posts ADD FOREIGN KEY (id) REFERENCES n; TRUNCATE n CASCADE",
    _KEY + "ALTER TABLE posts ADD FOREIGN KEY (id) REFERENCES n ON UPDATE CASCADE; UPDATE n SET id = id + 100",
    _KEY + "ALTER TABLE posts ADD c int DEFAULT 1 REFERENCES n ON DELETE CASCADE; DELETE FROM n",
    _KEY + "CREATE TABLE m (id int PRIMARY KEY REFERENCES n ON DELETE CASCADE); INSERT INTO m TABLE n; "
    "ALTER TABLE posts ADD FOREIGN KEY (id) REFERENCES m ON DELETE CASCADE; ALTER TABLE m RENAME TO o; DELETE FROM n",
    # types
    "DROP TYPE mood CASCADE",
    "DROP DOMAIN score CASCADE",
    "DROP TYPE pair CASCADE",
    "ALTER TYPE mood RENAME TO n; DROP TYPE n CASCADE",
    "ALTER TABLE high OF single; DROP TYPE single CASCADE",
    "ALTER TABLE typed ALTER id TYPE other USING 'a'; DROP TYPE other CASCADE",
    "ALTER TYPE other RENAME TO o; ALTER TYPE mood RENAME TO other; DROP TYPE other CASCADE",
    "DROP TABLE shaped CASCADE",
    "ALTER TABLE computed DROP COLUMN a CASCADE",
    "DROP FUNCTION doubled CASCADE",
    "ALTER FUNCTION doubled RENAME TO n; DROP FUNCTION n CASCADE",
    "DROP EXTENSION hstore CASCADE",
    "ALTER TYPE pair DROP ATTRIBUTE b",
    "ALTER TYPE pair RENAME TO two; ALTER TYPE two DROP ATTRIBUTE b",
    "CREATE SCHEMA n; ALTER TYPE pair SET SCHEMA n; ALTER TYPE n.pair DROP ATTRIBUTE b",
    "ALTER TABLE computed DROP COLUMN b",
    # views
    "CREATE VIEW n AS SELECT * FROM posts; DELETE FROM n",
    "CREATE OR REPLACE VIEW shown AS SELECT * FROM users; UPDATE shown SET name = 'y'",
    "CREATE TEMP VIEW n AS SELECT * FROM posts; DELETE FROM pg_temp.n",
    "CREATE SCHEMA n CREATE VIEW v AS SELECT * FROM app.posts; DELETE FROM n.v",
    "CREATE SCHEMA n; CREATE VIEW n.v AS SELECT * FROM posts; ALTER SCHEMA n RENAME TO m; DELETE FROM m.v",
    "CREATE VIEW n AS SELECT * FROM users; INSERT INTO n (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'y'",
    # code
    _PURGE + "SELECT purge()",
    _PURGE + "CREATE VIEW n AS SELECT purge() AS a; CREATE VIEW m AS TABLE n; SELECT * FROM m",
    _PURGE + "CREATE TABLE n (a int DEFAULT purge()); INSERT INTO n DEFAULT VALUES",
    _PURGE
    + "CREATE TABLE n (a int DEFAULT purge()); CREATE TABLE m (LIKE n INCLUDING ALL); INSERT INTO m DEFAULT VALUES",
    _PURGE + "CREATE TABLE n (a int CHECK (purge() > 0)); INSERT INTO n VALUES (1)",
    _PURGE + "CREATE TABLE n (a int); INSERT INTO n VALUES (1); ALTER TABLE n ADD CHECK (purge() > 0)",
    _PURGE + "CREATE TABLE n (a int); INSERT INTO n VALUES (1); ALTER TABLE n ADD b int DEFAULT purge()",
    _PURGE + "CREATE DOMAIN n AS int CHECK (purge() > 0); SELECT 1::n",
    _PURGE + "ALTER DOMAIN score ADD CHECK (purge() > 0)",
    _PURGE + "CREATE TABLE n (a int); CREATE RULE r AS ON INSERT TO n DO ALSO SELECT purge(); INSERT INTO n VALUES (1)",
    _FIXED + "CREATE TABLE n (a int, b int GENERATED ALWAYS AS (fixed(a)) STORED); INSERT INTO n VALUES (1)",
    _FIXED + "CREATE INDEX ON high (fixed(id))",
    _FIXED + "CREATE TABLE n (a int); CREATE INDEX ON n (fixed(a)); INSERT INTO n VALUES (1)",
    _FIXED + "CREATE OPERATOR @+@ (PROCEDURE = fixed, RIGHTARG = int); SELECT @+@ 1",
    _BY_CAST + "SELECT ROW(1, 'x')::pair::int",
    _BY_TRIGGER + "CREATE TABLE n (a int); CREATE TRIGGER g AFTER INSERT ON n FOR EACH ROW EXECUTE FUNCTION purged(); "
    "INSERT INTO n VALUES (1)",
    _BY_TRIGGER + "CREATE TRIGGER g AFTER INSERT ON empty EXECUTE FUNCTION purged(); INSERT INTO empty VALUES (1)",
    _BY_TRIGGER + "CREATE TABLE n (a int) PARTITION BY LIST (a); CREATE TABLE m PARTITION OF n FOR VALUES IN (1); "
    "CREATE TRIGGER g AFTER INSERT ON m FOR EACH ROW EXECUTE FUNCTION purged(); INSERT INTO n VALUES (1)",
    _BY_COMMAND + "CREATE TABLE n (a int)",
    (
        "CREATE TABLE n (a int); CREATE TRIGGER g AFTER INSERT ON n EXECUTE FUNCTION older_by_trigger(); "
        "INSERT INTO n VALUES (1)"
    ),
    "CREATE TABLE n (a int DEFAULT older()); INSERT INTO n DEFAULT VALUES",
    "CREATE VIEW n AS SELECT older(); SELECT * FROM n",
    (
        "CREATE OR REPLACE FUNCTION watching() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN DELETE FROM posts; RETURN NEW; END'; INSERT INTO watched VALUES (1)"
    ),
    "CREATE TABLE n (a int); CREATE RULE r AS ON INSERT TO n DO ALSO DELETE FROM users; INSERT INTO n VALUES (1)",
    "CREATE TABLE n (a int); CREATE POLICY p ON n USING (older() > 0); SELECT older() FROM n RIGHT JOIN users ON true",
    "PREPARE p AS DELETE FROM posts; EXPLAIN ANALYZE EXECUTE p",
    "PREPARE p AS WITH d AS (DELETE FROM posts RETURNING *) SELECT * FROM d; CREATE TABLE n AS EXECUTE p",
    "COPY (DELETE FROM posts RETURNING *) TO STDOUT",
    "WITH d AS (DELETE FROM posts RETURNING *) SELECT * FROM d",
    "MERGE INTO posts USING users u ON posts.user_id = u.id WHEN MATCHED THEN DELETE",
    "DO $$DECLARE r record; BEGIN FOR r IN SELECT 'posts' AS t LOOP EXECUTE 'TRUNCATE ' || r.t; END LOOP; END$$",
    "CREATE TABLE posts_n (); DO $$DECLARE s text; BEGIN EXECUTE format('TRUNCATE posts%s', s); s := '_n'; END$$",
    f"CREATE TABLE n (); DO $$DECLARE s text; t text; BEGIN {_STALE} END$$",
    _EMPTIES + "CREATE TABLE n (); SELECT e('n'), e('posts')",
    "CREATE TABLE postrues (); DO $$BEGIN EXECUTE format('TRUNCATE pos%ss', true); END$$",
    "DO $$DECLARE d text := to_char(date '2020-10-1', 'MM'); BEGIN EXECUTE 'DROP TABLE log_' || d; END$$",
    "CREATE PROCEDURE n() LANGUAGE plpgsql AS 'BEGIN DELETE FROM posts; END'; CALL n()",
)

HARMLESS = (
    "DROP VIEW shown CASCADE",
    "DROP TABLE empty CASCADE",
    "DROP FUNCTION watching CASCADE",
    "DROP FUNCTION counted() CASCADE",
    "DROP TYPE other CASCADE",
    "DROP EXTENSION pgcrypto CASCADE",
    "ALTER TABLE empty RENAME TO n; DROP TABLE n CASCADE",
    "SELECT counted()",
    "SELECT renamed()",
    "ALTER TABLE users RENAME TO o; CREATE TABLE users (id int); INSERT INTO users VALUES (1); SELECT older()",
    (
        "CREATE OR REPLACE FUNCTION watching() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN NEW.id := 2; RETURN NEW; END'; "
        "INSERT INTO watched VALUES (1)"
    ),
    (
        "CREATE TABLE n (LIKE users INCLUDING ALL); INSERT INTO n TABLE users; UPDATE n SET name = 'y'; DELETE FROM n; "
        "DROP TABLE n"
    ),
    (
        "CREATE TABLE n (a int, b int REFERENCES users ON DELETE CASCADE); INSERT INTO n VALUES (1, 1); DELETE FROM n; "
        "TRUNCATE n CASCADE; DROP TABLE n CASCADE"
    ),
    "ALTER TABLE users ADD COLUMN tag text; UPDATE users SET tag = 'x'; ALTER TABLE users DROP COLUMN tag",
    _KEY + "ALTER TABLE posts ADD c int REFERENCES n(id) ON DELETE SET NULL ON UPDATE CASCADE; DELETE FROM n",
    (
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.at := now(); RETURN NEW; END'; "
        "CREATE TABLE n (a int, at timestamptz); CREATE TRIGGER g BEFORE INSERT OR UPDATE ON n FOR EACH ROW "
        "EXECUTE FUNCTION touch(); INSERT INTO n VALUES (1); UPDATE n SET a = 2"
    ),
    "CREATE SCHEMA n; CREATE TABLE n.t (a int); ALTER TABLE n.t SET SCHEMA app; DROP TABLE t; DROP SCHEMA n CASCADE",
    "CREATE VIEW n AS SELECT * FROM users; SELECT * FROM n; DROP VIEW n",
    "CREATE TYPE n AS ENUM ('a'); ALTER TABLE users ADD c n; DROP TYPE n CASCADE",
    "CREATE INDEX ON users (lower(name)); REINDEX TABLE users",
    "ALTER TABLE typed ALTER id TYPE bigint",
    "ALTER TABLE typed ALTER id TYPE bigint USING id::bigint",
    "ALTER TABLE typed ALTER id TYPE smallint",
    "ALTER TABLE typed ALTER id TYPE varchar(2)",
    "ALTER TABLE typed ALTER id TYPE text USING id::text",
    "ALTER TABLE typed ALTER m TYPE text",
    "ALTER TABLE typed ALTER m TYPE varchar(4)",
    (
        "ALTER TYPE mood RENAME TO o; CREATE TYPE mood AS ENUM ('good'); "
        "ALTER TABLE typed ALTER m TYPE mood USING m::text::mood; DROP TYPE o"
    ),
    "DROP VIEW shown; CREATE TYPE n AS ENUM ('x', 'y'); ALTER TABLE users ALTER name TYPE n USING name::n",
    "DROP VIEW shown; ALTER TABLE users ALTER name TYPE varchar(1), ALTER code TYPE numeric(3)",
    # types that take each value or refuse it
    "ALTER TABLE typed ALTER id TYPE smallint USING id::smallint",
    "ALTER TABLE typed ALTER id TYPE numeric(3,0)",
    "ALTER TABLE typed ALTER m TYPE text",
    "ALTER TABLE typed ALTER m TYPE text; ALTER TABLE typed ALTER m TYPE mood USING m::mood",
    "CREATE TYPE n AS ENUM ('good'); ALTER TABLE typed ALTER m TYPE n USING (m::text::n); DROP TYPE mood",
    "ALTER TABLE public.users ALTER name TYPE varchar(1) USING name::varchar(1)",
    # filling
    "UPDATE users SET name = 'y' WHERE name IS NULL AND id > 0",
    "UPDATE users AS u SET name = coalesce(u.name, n.name) FROM public.users AS n WHERE n.id = u.id",
    "BEGIN; SAVEPOINT a; CREATE TABLE n (a int); RELEASE a; DROP TABLE n; COMMIT",
    "CREATE TEMP TABLE n ON COMMIT DROP AS TABLE users; UPDATE n SET name = 'y'; DELETE FROM n",
    (
        "CREATE TABLE n (id int NOT NULL) PARTITION BY RANGE (id); "
        "ALTER TABLE n ATTACH PARTITION high FOR VALUES FROM (100) TO (200); INSERT INTO n VALUES (150)"
    ),
    "ALTER TABLE high RENAME TO o; CREATE TABLE high (id int); INSERT INTO high TABLE o",
)
