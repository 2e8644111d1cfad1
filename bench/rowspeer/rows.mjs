// Answers questions in ClickHouse's SQL about the rows of Parquet files: one line of JSON in, one out. The engine is a real
// ClickHouse in this process, with two threads as ours has.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(process.cwd() + "/");
const { Session } = require("chdb");
const dir = mkdtempSync(join(tmpdir(), "rows-peer-"));
const session = new Session(dir);
session.query("CREATE DATABASE IF NOT EXISTS d ENGINE = Atomic");
session.query(`CREATE TABLE d.t (
  time DateTime64(6, 'UTC'), trace_hi UInt64, trace_lo UInt64, span UInt64, service LowCardinality(String), name LowCardinality(String),
  release LowCardinality(String), user_id String, session_id String, severity UInt8, duration Int64, body String, weight Float32,
  attrs Map(LowCardinality(String), String), INDEX trace_index trace_lo TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree ORDER BY (service, time) PARTITION BY toYYYYMM(time)`);
session.query(`INSERT INTO d.t SELECT time, trace_hi, trace_lo, span, service, name, release, user_id, session_id, severity, duration, body, weight, attrs
  FROM file('${process.argv[2]}/*.parquet', Parquet) SETTINGS max_threads = 2`);
session.query("OPTIMIZE TABLE d.t FINAL");
for await (const line of createInterface({ input: process.stdin })) {
  const { sql, cache, rows } = JSON.parse(line);
  const out = {};
  try {
    const text = sql.replaceAll("FROM t", "FROM d.t") + ` SETTINGS max_threads = 2, use_query_condition_cache = ${cache ? 1 : 0}`;
    const start = process.hrtime.bigint();
    out.Answer = session.query(text, "TSV");
    out.MS = Number(process.hrtime.bigint() - start) / 1e6;
    if (rows) out.Answer = String(out.Answer.split("\n").length - 1); // how many it handed over
  } catch (err) {
    out.Error = String(err);
  }
  process.stdout.write(JSON.stringify(out) + "\n");
}
session.cleanup();
rmSync(dir, { recursive: true, force: true });
