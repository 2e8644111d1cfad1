package syslog

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/signalbox/signalbox/internal/receive/column"
)

// A stream cut anywhere gives the same messages, nothing is kept beyond the bound, and each message is a row.
func FuzzStream(f *testing.F) {
	for _, s := range []string{"<14>1 - - a - - - x\n", "20 <14>1 - - a - - - xy", "<34>Oct 11 22:14:15 m su: @cee: {\"a\":{\"b\":[1,{\"c\":\"}\\\"\"}]}}\n", "5 <1>xx5 <2>yy\n\n", "99999999 <", "<13>1 2026-11-21T00:00:00Z h a p m [a b=\"c\\]\"] \xff\n"} {
		f.Add([]byte(s), uint8(3))
	}
	rc := &Receiver{o: Options{Zone: time.UTC}, columns: column.New(nil)}
	f.Fuzz(func(t *testing.T, b []byte, cut uint8) {
		const most = 40
		var whole, pieces messages
		w, p := framer{most: most}, framer{most: most}
		w.feed(b, &whole)
		w.end(&whole)
		for step := int(cut)%16 + 1; len(b) > 0; {
			n := min(step, len(b))
			p.feed(b[:n], &pieces)
			if len(p.buf) > most+longestCount+2+16 {
				t.Fatalf("%d bytes are kept", len(p.buf))
			}
			b = b[n:]
		}
		p.end(&pieces)
		for _, m := range []*messages{&whole, &pieces} {
			start := 0
			for _, end := range m.ends {
				if end-start > most {
					t.Fatal("a message is longer than it may be")
				}
				start = end
			}
		}
		rows := rc.decoder().batch(&pieces, time.Unix(1_790_000_000, 0))
		if len(rows.Rows) != len(pieces.ends) {
			t.Fatalf("%d messages became %d rows", len(pieces.ends), len(rows.Rows))
		}
		for _, r := range rows.Rows {
			if r.Body == "" && utf8.Valid(pieces.bytes) && len(r.Attrs) == 0 && r.Severity == 0 {
				t.Fatal("a message came out empty")
			}
		}
	})
}
