-- Format 4: what was asked when nothing was left to do. Only adds to format 3.

-- The same question, while our rows read the same, has the same answer: nothing is to be done.
CREATE TABLE {schema}.settled (
    only_row        boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    question        text        NOT NULL,  -- sha256 of the release directory, the version that was asked for, the runner's
    state           text        NOT NULL,  -- how our tables and Prisma's read when it was answered
    version         text        NOT NULL,  -- at which the database was verified
    settled_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE {schema}.settled IS 'The last question that was answered with: nothing to do. May be emptied at any time.';
