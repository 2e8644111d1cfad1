package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// measureDisk pushes the same history to both servers, ends them, and looks at what is on disk. Waiting for blocks would
// take hours: what is compared are the chunks that were full and therefore written out, and the write-ahead log.
func measureDisk(ctx context.Context, b *bench) error {
	n := pick(b, 20_000, 5000)
	// Chunks end where the block of two hours is divided evenly: at one second apart each has 120 samples or few more.
	const samples, step = 600, time.Second
	ours, peer, stop, err := b.startBoth(ctx, setup{})
	if err != nil {
		return err
	}
	defer stop()
	messages, err := encode(webFleet(n), write2, 500, samples)
	if err != nil {
		return err
	}
	from := time.Now().Add(-samples * step).UnixMilli()
	if err := pass(ctx, messages, write2, from, step.Milliseconds(), ours, peer); err != nil {
		return err
	}
	stop()
	o, p := filepath.Join(ours.dir, "data", "metrics"), filepath.Join(peer.dir, "data")
	oc, err := chunkBytes(filepath.Join(o, "chunks_head"))
	if err != nil {
		return err
	}
	pc, err := chunkBytes(filepath.Join(p, "chunks_head"))
	if err != nil {
		return err
	}
	b.table.atMost("full chunks, a sample", bytes, oc, pc, 1.005*pc)
	b.table.info("write-ahead log, a sample", bytes, size(o, "wal")/float64(n*samples), size(p, "wal")/float64(n*samples))
	b.table.note("%d series of counters and histograms, %d samples each, %s apart; the write-ahead log is dropped when blocks are made, the chunks stay", n, samples, step)
	return nil
}

// chunkBytes is how many bytes a sample takes in the full chunks of a store that is closed.
func chunkBytes(dir string) (float64, error) {
	m, err := chunks.NewChunkDiskMapper(nil, dir, chunkenc.NewPool(), chunks.DefaultWriteBufferSize, chunks.DefaultWriteQueueSize)
	if err != nil {
		return 0, fmt.Errorf("open the chunks in %s: %w", dir, err)
	}
	defer m.Close()
	var sum, samples int
	err = m.IterateAllChunks(func(_ chunks.HeadSeriesRef, ref chunks.ChunkDiskMapperRef, _, _ int64, n uint16, _ chunkenc.Encoding, _ bool) error {
		c, err := m.Chunk(ref)
		if err != nil {
			return err
		}
		sum, samples = sum+len(c.Bytes()), samples+int(n)
		return nil
	})
	if err != nil || samples == 0 {
		return 0, fmt.Errorf("read the chunks in %s: %d samples: %w", dir, samples, err)
	}
	return float64(sum) / float64(samples), nil
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
