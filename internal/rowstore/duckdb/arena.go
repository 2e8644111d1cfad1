package duckdb

import "golang.org/x/sys/unix"

// arena is memory outside of Go's heap for the text of one chunk: DuckDB's vectors may point into it, and filling them costs
// neither a call into C nor an allocation for a value. reset makes it empty again.
type arena struct {
	block  int // bytes that are taken from the system at once; 0: arenaBlock
	blocks [][]byte
	used   int // bytes of the newest block that are taken
}

const arenaBlock = 1 << 20

// take returns n bytes.
func (a *arena) take(n int) []byte {
	if last := len(a.blocks) - 1; last >= 0 && a.used+n <= len(a.blocks[last]) {
		b := a.blocks[last][a.used : a.used+n : a.used+n]
		a.used += n
		return b
	}
	b, err := unix.Mmap(-1, 0, max(n, a.block, arenaBlock), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		panic("no memory for text of rows: " + err.Error()) // as make would
	}
	a.blocks, a.used = append(a.blocks, b), n
	return b[:n:n]
}

// reset keeps the first block.
func (a *arena) reset() {
	for len(a.blocks) > 1 {
		a.free()
	}
	a.used = 0
}

func (a *arena) free() {
	last := len(a.blocks) - 1
	_ = unix.Munmap(a.blocks[last]) // fails for addresses that are none of ours only
	a.blocks = a.blocks[:last]
}

func (a *arena) close() {
	for len(a.blocks) > 0 {
		a.free()
	}
}
