-- A fact's position is its row; both other indexes hold all that is asked of them.
CREATE TABLE facts (
    position INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL,
    event TEXT NOT NULL,
    account BLOB NOT NULL,
    conversation BLOB NOT NULL,
    scored_at INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    process INTEGER NOT NULL,
    environment INTEGER NOT NULL,
    composite INTEGER NOT NULL,
    confidence INTEGER NOT NULL,
    signals INTEGER NOT NULL,
    resolved INTEGER NOT NULL
);
{UNIQUE}
CREATE INDEX facts_by_account ON facts (workspace, account, scored_at, position, composite, resolved);
CREATE INDEX facts_by_time ON facts (workspace, scored_at, composite, outcome, process, environment, resolved);

CREATE TABLE breakers (
    workspace INTEGER NOT NULL,
    account BLOB NOT NULL,
    run INTEGER NOT NULL,
    triggered_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, account)
) WITHOUT ROWID;
