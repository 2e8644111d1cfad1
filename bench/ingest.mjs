// Inserts the RowBinary files of a folder into a table, merges it, and says what that took: microseconds of CPU, bytes, rows.
import { createRequire } from "node:module";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(process.cwd() + "/");
const { Session } = require("chdb");
const dir = mkdtempSync(join(tmpdir(), "ingest-peer-"));
const session = new Session(dir);
const columns = `time DateTime64(6, 'UTC'), trace_lo UInt64, trace_hi UInt64, span UInt64, service LowCardinality(String), name LowCardinality(String),
  severity UInt8, duration Int64, body String, attrs Map(LowCardinality(String), String)`;
session.query("CREATE DATABASE IF NOT EXISTS d ENGINE = Atomic");
session.query(`CREATE TABLE d.t (${columns}, INDEX trace_index trace_lo TYPE bloom_filter(0.01) GRANULARITY 1)
  ENGINE = MergeTree ORDER BY (service, time) PARTITION BY toYYYYMM(time)`);
const work = process.argv[2];
const before = process.cpuUsage();
for (const name of readdirSync(work).sort()) {
  const structure = columns.replaceAll("LowCardinality(String)", "String").replaceAll("'", "\\'");
  session.query(`INSERT INTO d.t SELECT * FROM file('${join(work, name)}', RowBinary, '${structure}') SETTINGS max_threads = 2`);
}
session.query("OPTIMIZE TABLE d.t FINAL");
const used = process.cpuUsage(before);
const rows = Number(session.query("SELECT count() FROM d.t", "TSV"));
const bytes = Number(session.query("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'd' AND table = 't'", "TSV"));
console.log(JSON.stringify({ CPU: used.user + used.system, Bytes: bytes, Rows: rows }));
session.cleanup();
rmSync(dir, { recursive: true, force: true });
