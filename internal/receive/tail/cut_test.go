package tail

import (
	"bytes"
	"testing"
)

// Whatever is cut: a record is within the bound, the buffer gets shorter until it is empty, and no byte of text is lost but
// what is behind the bound of a record.
func FuzzCut(f *testing.F) {
	f.Add([]byte("a\n b\nCaused by: c\nd"), true, 5)
	f.Add([]byte("Traceback (most recent call last):\n x\nE: y\nnext\n"), true, 100)
	f.Fuzz(func(t *testing.T, b []byte, join bool, most int) {
		most = max(1, most%200)
		c := cutter{most: most, join: join}
		kept := 0
		for rounds := 0; len(b) > 0; rounds++ {
			spans, used := c.cut(b, true, true, 3)
			if used == 0 || used > len(b) {
				t.Fatalf("%d of %d bytes are used", used, len(b))
			}
			last := 0
			for _, s := range spans {
				if s.from < last || s.to > used || s.to-s.from > most || s.to <= s.from {
					t.Fatalf("a bad record %v after %d of %d", s, last, used)
				}
				last = s.to
				kept += len(bytes.TrimSpace(b[s.from:s.to]))
			}
			b = b[used:]
		}
	})
}
