-- What makes a double a double is kept apart from the vitals, as runs of
-- sequences: it outlives the day of the raw vitals, and a commit writes one
-- page of it instead of one for each node.
CREATE TABLE run (
    node     INTEGER NOT NULL,
    boot     INTEGER NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    -- Days since 1970 when the boot's vitals last arrived.
    touched  INTEGER NOT NULL,
    PRIMARY KEY (node, boot, first)
) STRICT, WITHOUT ROWID;

INSERT INTO run (node, boot, first, last, touched)
SELECT node, boot, min(sequence), max(sequence), max(received) / 86400000
FROM (
    SELECT node, boot, sequence, received,
           sequence - row_number() OVER (PARTITION BY node, boot ORDER BY sequence) AS island
    FROM vitals
)
GROUP BY node, boot, island;

-- The vitals lie together by the minute of `at`, as the roll-ups do and for
-- the same reasons.
ALTER TABLE vitals RENAME TO vitals_by_node;

CREATE TABLE vitals (
    bucket   INTEGER NOT NULL,
    node     INTEGER NOT NULL,
    boot     INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    known    INTEGER NOT NULL,
    received INTEGER NOT NULL,
    report   BLOB    NOT NULL,
    PRIMARY KEY (bucket, node, boot, sequence)
) STRICT, WITHOUT ROWID;

-- The minute that `at` lies in, also before 1970, where `/` rounds up.
INSERT INTO vitals (bucket, node, boot, sequence, at, known, received, report)
SELECT (at - (at % 60000 + 60000) % 60000) / 60000, node, boot, sequence, at, known, received, report
FROM vitals_by_node;

DROP TABLE vitals_by_node;
