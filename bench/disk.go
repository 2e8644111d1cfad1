package main

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"time"
)

// measureDisk pushes the same history to both servers, ends them, and looks at what is on disk. Waiting for blocks would
// take hours: what is compared are the chunks that were full and therefore written out, and the write-ahead log.
func measureDisk(ctx context.Context, b *bench) error {
	n := pick(b, 20_000, 5000)
	const samples, full, step = 300, 240, 10 * time.Second // a chunk is full with 120 samples
	ours, err := b.startSignalbox(ctx, setup{})
	if err != nil {
		return err
	}
	defer ours.stop()
	peer, err := b.startPrometheus(ctx, setup{})
	if err != nil {
		return err
	}
	defer peer.stop()
	messages, err := encode(webFleet(n), write2, 500, samples)
	if err != nil {
		return err
	}
	from := time.Now().Add(-samples * step).UnixMilli()
	if err := pass(ctx, messages, write2, from, step.Milliseconds(), ours, peer); err != nil {
		return err
	}
	ours.stop()
	peer.stop()
	o, p := filepath.Join(ours.dir, "data", "metrics"), filepath.Join(peer.dir, "data")
	oc, pc := size(o, "chunks_head"), size(p, "chunks_head")
	b.table.atMost("full chunks, a sample", bytes, oc/float64(n*full), pc/float64(n*full), 1.005*pc/float64(n*full))
	b.table.info("write-ahead log, a sample", bytes, size(o, "wal")/float64(n*samples), size(p, "wal")/float64(n*samples))
	b.table.note("%d series of counters and histograms, %d samples each, %s apart; two chunks of 120 samples are full of each series", n, samples, step)
	return nil
}

// size is the length of the files under a directory of a store.
func size(store, dir string) float64 {
	var sum int64
	_ = filepath.WalkDir(filepath.Join(store, dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".tmp") {
			return nil
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return float64(sum)
}
