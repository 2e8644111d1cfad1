package main

import (
	"context"
	"os"
	"strconv"
)

// measureAudit verifies an exported audit log from the disk, on one processor: the records' hashes, their links, the signed
// digests and the signed end. The other figures are of the database: adding a record within a change, and verifying there.
func measureAudit(ctx context.Context, b *bench) error {
	n := pick(b, 10_000_000, 200_000)
	if err := os.Setenv("SIGNALBOX_AUDIT_RECORDS", strconv.Itoa(n)); err != nil {
		return err
	}
	file, err := b.benchmark(ctx, "./internal/audit", "^BenchmarkVerifyFile$", "1x", 1)
	if err != nil {
		return err
	}
	b.table.atMost("verifying an exported record", nanos, 1e9/file.get("VerifyFile", "records/s"), none, 1e9/200_000)
	b.table.atMost("heap of the verifier", bytes, file.get("VerifyFile", "heap-B"), none, 32e6)
	b.table.info("bytes of an exported record", bytes, file.get("VerifyFile", "file-B")/float64(n), none)
	b.table.note("%d records in one file; the goal is 200,000 a second on two processors, this is one", n)
	store, err := b.benchmark(ctx, "./internal/audit", "^(BenchmarkAppend|BenchmarkVerifyStore)$", pick(b, "2s", "300ms"), 1)
	if err != nil {
		return err
	}
	b.table.info("verifying a record in the database", nanos, 1e9/store.get("VerifyStore", "records/s"), none)
	b.table.info("adding a record within a change", nanos, store.get("Append", "ns/record"), none)
	return nil
}
