-- One row for each fact; everything else is asked of them by index.
CREATE TABLE workspaces (
    id int PRIMARY KEY,
    next bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 20);

CREATE TABLE facts (
    workspace int NOT NULL,
    event text NOT NULL,
    account uuid NOT NULL,
    conversation uuid NOT NULL,
    scored_at bigint NOT NULL,
    position bigint NOT NULL,
    outcome smallint NOT NULL,
    process smallint NOT NULL,
    environment smallint NOT NULL,
    composite smallint NOT NULL,
    confidence smallint NOT NULL,
    signals smallint NOT NULL,
    resolved boolean NOT NULL
);
{UNIQUE}
CREATE INDEX facts_by_account ON facts (workspace, account, scored_at, position);
CREATE INDEX facts_by_time ON facts (workspace, scored_at);

-- Active ones.
CREATE TABLE breakers (
    workspace int NOT NULL,
    account uuid NOT NULL,
    position bigint NOT NULL,
    run int NOT NULL,
    triggered_at bigint NOT NULL,
    PRIMARY KEY (workspace, account)
);

-- The run of low conversations of an account, as of a position.
CREATE FUNCTION consecutive_low(ws int, acc uuid, upto bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    WITH newest AS (
        SELECT scored_at, composite,
               row_number() OVER (ORDER BY {ORDER}) AS n,
               first_value(scored_at) OVER (ORDER BY {ORDER}) AS newest_at
        FROM facts WHERE workspace = ws AND account = acc AND position <= upto
        ORDER BY {ORDER} LIMIT {RUN_HORIZON}
    )
    SELECT coalesce(min(n) FILTER (WHERE composite > {HIGHEST_LOW} OR newest_at - scored_at > {RUN_SPAN}) - 1, count(*))
    FROM newest
$$;

-- A batch. The lock on the workspace's row makes an order, and lets each batch see the ones before.
CREATE FUNCTION ingest(
    ws int, events text[], accounts uuid[], conversations uuid[], times bigint[],
    o smallint[], p smallint[], e smallint[], conf smallint[], sig smallint[], res boolean[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    receipt bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
    base bigint;
    low_accounts uuid[];
    low_positions bigint[];
    newest record;
BEGIN
    UPDATE workspaces SET next = next + cardinality(events) WHERE id = ws
        RETURNING next - cardinality(events) INTO base;
    WITH fresh AS (
        INSERT INTO facts
        SELECT ws, f.event, f.account, f.conversation, f.at, base + f.n, f.o, f.p, f.e,
               (2 * (f.o + f.p + f.e) + 3) / 6, f.conf, f.sig, f.res
        FROM unnest(events, accounts, conversations, times, o, p, e, conf, sig, res) WITH ORDINALITY
            AS f (event, account, conversation, at, o, p, e, conf, sig, res, n)
        {ON_CONFLICT}
        RETURNING account, position, composite
    )
    SELECT array_agg(fresh.account ORDER BY fresh.position), array_agg(fresh.position ORDER BY fresh.position)
        INTO low_accounts, low_positions
        FROM fresh
        WHERE fresh.composite <= {HIGHEST_LOW}
            AND NOT EXISTS (SELECT FROM breakers b WHERE b.workspace = ws AND b.account = fresh.account);
    -- Only a low conversation can lengthen a run.
    FOR i IN 1 .. coalesce(cardinality(low_accounts), 0) LOOP
        SELECT count(*) AS n, bool_and(f.composite <= {HIGHEST_LOW}) AS low,
               max(f.scored_at) AS last, min(f.scored_at) AS first
            INTO newest
            FROM (
                SELECT scored_at, composite FROM facts
                WHERE workspace = ws AND account = low_accounts[i] AND position <= low_positions[i]
                ORDER BY {ORDER} LIMIT {RUN_THAT_TRIPS}
            ) f;
        IF newest.n = {RUN_THAT_TRIPS} AND newest.low AND newest.last - newest.first <= {RUN_SPAN}
            AND newest.last >= receipt - {RECENT_SPAN} THEN
            INSERT INTO breakers VALUES (
                ws, low_accounts[i], low_positions[i],
                consecutive_low(ws, low_accounts[i], low_positions[i]), receipt
            ) ON CONFLICT DO NOTHING;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION health(ws int, acc uuid, oldest bigint)
RETURNS TABLE (n bigint, composite bigint, rate bigint, low bigint) LANGUAGE sql STABLE AS $$
    WITH newest AS (
        SELECT f.scored_at, f.composite, f.resolved AND f.composite >= {FAILURE} AS good,
               row_number() OVER (ORDER BY {ORDER}) AS n,
               first_value(f.scored_at) OVER (ORDER BY {ORDER}) AS newest_at
        FROM facts f WHERE f.workspace = ws AND f.account = acc
        ORDER BY {ORDER} LIMIT {RUN_HORIZON}
    ), sums AS (
        SELECT count(*) AS known,
               count(*) FILTER (WHERE n <= {WINDOW} AND scored_at >= oldest) AS n,
               sum(newest.composite) FILTER (WHERE n <= {WINDOW} AND scored_at >= oldest) AS composite,
               count(*) FILTER (WHERE n <= {WINDOW} AND scored_at >= oldest AND good) AS good,
               min(n) FILTER (WHERE newest.composite > {HIGHEST_LOW} OR newest_at - scored_at > {RUN_SPAN}) AS breaks
        FROM newest
    )
    SELECT n, (2 * composite + n) / (2 * nullif(n, 0)), (200 * good + n) / (2 * nullif(n, 0)),
           coalesce(breaks - 1, known)
    FROM sums WHERE known > 0
$$;

CREATE FUNCTION statistics(ws int, from_at bigint, to_at bigint)
RETURNS TABLE (n bigint, c bigint, o bigint, p bigint, e bigint, rate bigint) LANGUAGE sql STABLE AS $$
    WITH sums AS (
        SELECT count(*) AS n, sum(composite) AS c, sum(outcome) AS o, sum(process) AS p, sum(environment) AS e,
               count(*) FILTER (WHERE resolved AND composite >= {FAILURE}) AS good
        FROM facts WHERE workspace = ws AND scored_at BETWEEN from_at AND to_at
    )
    SELECT n, (2 * c + n) / (2 * nullif(n, 0)), (2 * o + n) / (2 * nullif(n, 0)), (2 * p + n) / (2 * nullif(n, 0)),
           (2 * e + n) / (2 * nullif(n, 0)), (200 * good + n) / (2 * nullif(n, 0))
    FROM sums
$$;
