-- The first schema. Written once, never edited: later ones are steps from it.

-- Who there is. Everything else names a node by its id. `record` is the
-- fleet's own memory of the node, as JSON.
CREATE TABLE node (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    record TEXT
) STRICT;

-- Vitals as they came, for a day. The key is what makes a double a double.
-- `at` is Unix time in ms when the sample was taken, or, where `known` is 0,
-- a time that it was taken before. `report` is one byte of version and the
-- words as on the wire.
CREATE TABLE vitals (
    node     INTEGER NOT NULL,
    boot     INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    known    INTEGER NOT NULL,
    received INTEGER NOT NULL,
    report   BLOB    NOT NULL,
    PRIMARY KEY (node, boot, sequence)
) STRICT, WITHOUT ROWID;

-- Roll-ups: sums, counts, minima and maxima of each vital, and counts of moods.
-- `bucket` is Unix time divided by the width. It leads the key, so that all
-- nodes' current rows share a page (what a commit writes) and the oldest rows
-- lie together (what retention deletes).
CREATE TABLE minute (
    bucket INTEGER NOT NULL,
    node   INTEGER NOT NULL,
    sums   BLOB    NOT NULL,
    PRIMARY KEY (bucket, node)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarter (
    bucket INTEGER NOT NULL,
    node   INTEGER NOT NULL,
    sums   BLOB    NOT NULL,
    PRIMARY KEY (bucket, node)
) STRICT, WITHOUT ROWID;

-- Events, for ever, in the order of their ids (UUIDv7).
CREATE TABLE event (
    id          BLOB    NOT NULL PRIMARY KEY,
    at          INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    correlation BLOB    NOT NULL,
    causation   BLOB,
    payload     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX event_correlation ON event (correlation, id);

-- Frames of a version that could not be read, for a day.
CREATE TABLE unreadable (
    id       INTEGER PRIMARY KEY,
    node     INTEGER NOT NULL,
    received INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    frame    BLOB    NOT NULL
) STRICT;

-- How each node shall be.
CREATE TABLE setting (
    node    INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    floor   INTEGER NOT NULL,
    ceiling INTEGER NOT NULL
) STRICT;

-- What the store remembers about itself: JSON by name.
CREATE TABLE memory (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
