-- One table of rows, as hot rows have it. In a sealed file attributes that many rows have are columns of their own behind
-- these, named @KEY: VARCHAR, NULL where the row has no such attribute, and not in attrs as well.
-- Text is never NULL, nothing is ''. Times are UTC. The verb is the qualified name.
CREATE TABLE %s (
    time        TIMESTAMP NOT NULL, -- microseconds
    received    TIMESTAMP NOT NULL,
    trace_hi    UBIGINT NOT NULL,   -- 0 and 0: none
    trace_lo    UBIGINT NOT NULL,
    span        UBIGINT NOT NULL,   -- 0: none
    parent      UBIGINT NOT NULL,
    service     VARCHAR NOT NULL,
    env         VARCHAR NOT NULL,
    agency      VARCHAR NOT NULL,
    version     VARCHAR NOT NULL,
    release     VARCHAR NOT NULL,
    source      VARCHAR NOT NULL,
    trust       VARCHAR NOT NULL,
    user_id     VARCHAR NOT NULL,
    session_id  VARCHAR NOT NULL,
    business_id VARCHAR NOT NULL,
    name        VARCHAR NOT NULL,
    route       VARCHAR NOT NULL,
    kind        UTINYINT NOT NULL,
    severity    UTINYINT NOT NULL,
    status      UTINYINT NOT NULL,
    duration    BIGINT NOT NULL,    -- nanoseconds
    value       DOUBLE NOT NULL,
    error_type  VARCHAR NOT NULL,
    body        VARCHAR NOT NULL,
    detail      VARCHAR NOT NULL,
    weight      FLOAT NOT NULL,
    attrs       MAP(VARCHAR, VARCHAR) NOT NULL,
    resource    VARCHAR NOT NULL    -- one JSON object with string values, or ''
);
