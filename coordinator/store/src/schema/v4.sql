-- Calls to language models, for a year: who was asked, for whom, why, what it
-- took and cost, and how it ended. Beside the provider's count stands our guess.
CREATE TABLE call (
    id       BLOB    NOT NULL PRIMARY KEY,
    at       INTEGER NOT NULL,
    task     TEXT    NOT NULL,
    -- Characters, with spaces between them.
    persona  TEXT    NOT NULL,
    why      TEXT    NOT NULL,
    provider TEXT    NOT NULL,
    model    TEXT    NOT NULL,
    input    INTEGER NOT NULL,
    output   INTEGER NOT NULL,
    cached   INTEGER NOT NULL,
    estimate INTEGER NOT NULL,
    -- In millionths of the currency.
    money    INTEGER NOT NULL,
    -- In milliseconds.
    latency  INTEGER NOT NULL,
    outcome  TEXT    NOT NULL,
    words    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX call_at ON call (at);
