-- Format 3: how far a backfill came. Only adds to format 2.

-- One row for each journal of a backfill, written in the transaction of each batch.
CREATE TABLE {schema}.backfill_checkpoint (
    journal_id      bigint      PRIMARY KEY REFERENCES {schema}.migration_journal,
    statement       text        NOT NULL,  -- sha256 of the table, the key and the statement
    upper_key       text[],                -- the last key of all that is to be done; null: the table was empty
    last_key        text[],                -- the last key that was done; null: nothing was
    rows            bigint      NOT NULL,  -- of the table, covered so far
    changed         bigint      NOT NULL,  -- as the server counted
    batches         bigint      NOT NULL,
    batch_size      integer     NOT NULL,  -- of the next one
    estimate        bigint,                -- rows of the table when it began, as the planner guessed
    started_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE {schema}.backfill_checkpoint IS 'How far a backfill came: it goes on from there, each batch once.';
