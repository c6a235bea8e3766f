-- Format 1 of our own tables. {schema} is the history schema (dbmigrations, or what the resource says).
-- Everything is owned by the migrating role; nobody else is given anything.

CREATE TABLE {schema}.format (
    only_row        boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    version         integer     NOT NULL,
    runner_version  text        NOT NULL,
    changed_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE {schema}.format IS 'The format of these tables; an older runner refuses a newer one.';

-- One row per migration, direction and time. Applied = the newest row of a (kind, name) whose outcome is
-- Applied, Baselined or Undone is not Undone.
CREATE TABLE {schema}.migration_history (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    release         text        NOT NULL,
    kind            text        NOT NULL CHECK (kind IN ('schema', 'sql', 'data')),
    name            text        NOT NULL,
    description     text        NOT NULL,
    direction       text        NOT NULL CHECK (direction IN ('Up', 'Down')),
    outcome         text        NOT NULL CHECK (outcome IN ('Applied', 'Undone', 'Failed', 'Baselined')),
    checksum        text        NOT NULL,  -- canonical sha256 of the up script: the identity of the migration
    raw_checksum    text        NOT NULL,  -- sha256 of its raw bytes, as Prisma counts
    down_path       text,                  -- where the down script was read, for messages
    down_script     text,                  -- null: it has none, or says why in `irreversible`
    down_checksum   text        NOT NULL,  -- '' where there is no down
    irreversible    text,
    exceptions      text,                  -- what the script declares and excepts from the policy, and why
    run_id          text        NOT NULL,
    owner           text        NOT NULL,  -- '' from a laptop
    uid             text        NOT NULL,
    database_user   text        NOT NULL DEFAULT session_user,
    requested_by    text        NOT NULL,
    git_revision    text        NOT NULL,
    approved_plan   text        NOT NULL,
    runner_version  text        NOT NULL,
    image_digest    text        NOT NULL,
    applied_at      timestamptz NOT NULL,
    duration        interval    NOT NULL,
    error           text,                  -- without row data
    sqlstate        text,
    chain           text        NOT NULL   -- sha256 over the chain of the row before and this row
);
CREATE INDEX migration_history_by_name ON {schema}.migration_history (kind, name, id);
CREATE INDEX migration_history_by_run ON {schema}.migration_history (run_id);
COMMENT ON TABLE {schema}.migration_history IS 'What happened to this database. Rows are only ever inserted.';

CREATE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.%: its rows are only ever inserted', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
CREATE TRIGGER only_insert BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.migration_history
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
ALTER TABLE {schema}.migration_history ENABLE ALWAYS TRIGGER only_insert;

-- A migration that runs outside one transaction: what is known of it while it is half done.
CREATE TABLE {schema}.migration_journal (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id          text        NOT NULL,  -- the fence: only this run may write its rows
    kind            text        NOT NULL,
    name            text        NOT NULL,
    release         text        NOT NULL,
    direction       text        NOT NULL CHECK (direction IN ('Up', 'Down')),
    state           text        NOT NULL CHECK (state IN ('running', 'applied', 'failed', 'rolled_back')),
    checksum        text        NOT NULL,
    down_path       text,
    down_script     text,
    down_checksum   text        NOT NULL,
    uid             text        NOT NULL,
    started_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at     timestamptz,
    error           text
);
CREATE UNIQUE INDEX migration_journal_one_open ON {schema}.migration_journal (kind, name, direction)
    WHERE state IN ('running', 'failed');

CREATE TABLE {schema}.migration_journal_statement (
    journal_id      bigint      NOT NULL REFERENCES {schema}.migration_journal,
    ordinal         integer     NOT NULL,  -- counts the script's statements from 0
    checksum        text        NOT NULL,  -- sha256 of the statement's text, `:`, sha256 of the data below a COPY
    script          text        NOT NULL,  -- the statement, passwords redacted; '' where it can only be all or nothing
    state           text        NOT NULL CHECK (state IN ('running', 'applied', 'failed')),
    started_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at     timestamptz,
    PRIMARY KEY (journal_id, ordinal)
);

CREATE TABLE {schema}.migration_run (
    ordinal         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id              text        NOT NULL UNIQUE,
    owner           text        NOT NULL,
    uid             text        NOT NULL,  -- '' from a laptop
    generation      bigint      NOT NULL,
    trigger         text        NOT NULL,
    target_version  text        NOT NULL,
    direction       text        NOT NULL,
    base            jsonb       NOT NULL,
    plan            jsonb       NOT NULL,
    steps           jsonb       NOT NULL,
    plan_hash       text        NOT NULL,
    approved_plan   text        NOT NULL,
    changing        boolean     NOT NULL,  -- whether it applies, undoes or baselines anything
    backup          jsonb,
    outcome         text        NOT NULL CHECK (outcome IN ('Running', 'Succeeded', 'Failed', 'Cancelled', 'Superseded')),
    reason          text        NOT NULL DEFAULT '',
    message         text        NOT NULL DEFAULT '',
    finished_step   integer     NOT NULL DEFAULT 0,  -- ordinal of the last finished step; 0 is preflight
    started_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at     timestamptz
);
CREATE INDEX migration_run_by_uid ON {schema}.migration_run (uid, ordinal);

CREATE TABLE {schema}.migration_owner (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- the newest row is the owner
    owner           text        NOT NULL,
    uid             text        NOT NULL,
    taken_by        text        NOT NULL,
    reason          text        NOT NULL,
    taken_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER only_insert BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.migration_owner
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

-- The newest row says at which version this database was last verified.
CREATE TABLE {schema}.migration_version (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version         text        NOT NULL,
    run_id          text        NOT NULL,
    owner           text        NOT NULL,
    uid             text        NOT NULL,
    history_id      bigint      NOT NULL,  -- newest row of migration_history that the verification saw
    passed_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER only_insert BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.migration_version
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

CREATE TABLE {schema}.release_assertion (
    release         text        NOT NULL,
    ordinal         integer     NOT NULL,
    name            text        NOT NULL,
    path            text        NOT NULL,
    script          text        NOT NULL,
    checksum        text        NOT NULL,
    run_id          text        NOT NULL,
    stored_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (release, ordinal)
);
