-- Format 2: what the database consisted of when it was last left, and what people accepted. Only adds to format 1.

-- Who accepted a changed file, or put another down in the place of a stored one, is a row of the history too.
ALTER TABLE {schema}.migration_history DROP CONSTRAINT migration_history_outcome_check;
ALTER TABLE {schema}.migration_history ADD CONSTRAINT migration_history_outcome_check
    CHECK (outcome IN ('Applied', 'Undone', 'Failed', 'Baselined', 'Accepted', 'DownReplaced'));

-- One row for each time that the database was looked at to be compared later.
CREATE TABLE {schema}.catalog_snapshot (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint     text        NOT NULL,
    cause           text        NOT NULL CHECK (cause IN ('Verified', 'Ended', 'Accepted', 'Before')),
    version         text        NOT NULL,  -- '' where none was verified
    history_id      bigint      NOT NULL,  -- newest row of migration_history that was in effect
    run_id          text        NOT NULL,
    taken_by        text        NOT NULL,
    reason          text        NOT NULL,  -- of an accepted one
    database_user   text        NOT NULL DEFAULT session_user,
    taken_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER only_insert BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.catalog_snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

-- Their contents, each once: compressed JSON. Those that no recent row means are removed.
CREATE TABLE {schema}.catalog_content (
    fingerprint     text        PRIMARY KEY,
    content         bytea       NOT NULL
);
ALTER TABLE {schema}.catalog_content ALTER content SET STORAGE EXTERNAL;
