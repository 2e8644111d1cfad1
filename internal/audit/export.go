package audit

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
)

// An exported file is JSON Lines, each written in one fixed way so that it can be verified without building objects:
//
//	{"signalbox_audit":1,"complete":true,...}                                       the header
//	{"hash":"<64 hex>","prev":"<64 hex>","record":{...}}                            a record, its body byte for byte
//	{"digest":{...},"signature":"<128 hex>"}                                        after the last record that it covers
//	{"end":{...},"signature":"<128 hex>"}                                           the end, signed: a cut file shows
//
// A file that was exported with a filter is not complete: its records verify each by itself, the signed end vouches for the
// choice, and there are no digests.
const (
	recordHead    = `{"hash":"`
	recordMiddle  = `","prev":"`
	recordBody    = `","record":`
	recordTail    = `}`
	digestHead    = `{"digest":`
	endHead       = `{"end":`
	signatureHead = `,"signature":"`
	signatureTail = `"}`

	prefixLength = len(recordHead) + 64 + len(recordMiddle) + 64 + len(recordBody)
)

// header is the first line of a file.
type header struct {
	Version    int    `json:"signalbox_audit"`
	Complete   bool   `json:"complete"`
	ExportedAt int64  `json:"exported_at"` // Unix ms
	Head       Point  `json:"head"`        // of the chain when the export began
	Filter     Filter `json:"filter"`
	Keys       []Key  `json:"keys"` // the oldest first
}

// end is the last line of a file, without its signature.
type end struct {
	At      int64  `json:"at"` // Unix ms
	Count   int64  `json:"count"`
	Digests int64  `json:"digests"`
	Header  string `json:"header"` // SHA-256 of the header line, without its line feed
	Key     string `json:"key"`    // fingerprint of the key that signed
	Sum     string `json:"sum"`    // SHA-256 over the 32 bytes of every record's hash
}

func (e *end) encode() []byte {
	o := openObject(nil)
	o.number("at", e.At)
	o.number("count", e.Count)
	o.number("digests", e.Digests)
	o.text("header", e.Header)
	o.text("key", e.Key)
	o.text("sum", e.Sum)
	return o.close()
}

// endMessage is the string that is signed at the end of a file.
func endMessage(body []byte) []byte {
	s := sha256.Sum256(body)
	return []byte("signalbox audit export 1\n" + hex.EncodeToString(s[:]) + "\n")
}

// writer writes an exported file.
type writer struct {
	to      *bufio.Writer
	line    []byte
	end     end
	hashes  hash.Hash
	private signer
}

func newWriter(w io.Writer, h header, s signer) (*writer, error) {
	x := &writer{to: bufio.NewWriterSize(w, 1<<18), hashes: sha256.New(), private: s}
	line, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("audit: export: %w", err)
	}
	x.end.Header = sum(sha256.Sum256(line)).String()
	x.end.Key = s.fingerprint
	_, err = x.to.Write(append(line, '\n'))
	return x, err
}

// stored writes one record as it is stored, right or wrong: the verifier is the one who judges.
func (x *writer) stored(r stored) error { return x.record(r.prev, r.hash, r.body) }

func (x *writer) record(prev, hash string, body []byte) error {
	b := append(x.line[:0], recordHead...)
	b = append(b, oneLine(hash)...)
	b = append(b, recordMiddle...)
	b = append(b, oneLine(prev)...)
	b = append(b, recordBody...)
	b = append(b, oneLine(body)...)
	b = append(b, recordTail...)
	x.line = append(b, '\n')
	s, _ := parseSum(hash)
	_, _ = x.hashes.Write(s[:])
	x.end.Count++
	_, err := x.to.Write(x.line)
	return err
}

func (x *writer) digest(d storedDigest) error {
	x.end.Digests++
	return x.signed(digestHead, oneLine(d.body), oneLine(d.signature))
}

func (x *writer) signed(head string, body []byte, signature string) error {
	b := append(x.line[:0], head...)
	b = append(b, body...)
	b = append(b, signatureHead...)
	b = append(b, signature...)
	b = append(b, signatureTail...)
	x.line = append(b, '\n')
	_, err := x.to.Write(x.line)
	return err
}

func (x *writer) close(at int64) error {
	x.end.At, x.end.Sum = at, hex.EncodeToString(x.hashes.Sum(nil))
	body := x.end.encode()
	if err := x.signed(endHead, body, x.private.sign(endMessage(body))); err != nil {
		return err
	}
	return x.to.Flush()
}

// oneLine keeps what somebody wrote into the database from becoming lines of its own.
func oneLine[T string | []byte](s T) T {
	for i := range len(s) {
		if s[i] == '\n' {
			b := []byte(s)
			for j := range b {
				if b[j] == '\n' {
					b[j] = '\r'
				}
			}
			return T(b)
		}
	}
	return s
}

// Export writes a file with the records that the filter chooses, the oldest first, with all digests where nothing is left
// out. It streams: memory does not grow with the log. Filter.Before and Filter.Limit do not count.
func (l *Log) Export(ctx context.Context, w io.Writer, f Filter) error {
	if err := f.validate(); err != nil {
		return err
	}
	s := store{l.o.DB.SQL(), l.sql}
	h := header{Version: 1, Complete: !f.narrow(), ExportedAt: l.o.Now().UnixMilli(), Filter: f}
	var err error
	if h.Keys, err = l.Keys(ctx); err != nil {
		return err
	}
	reach, err := s.reach(ctx)
	if err != nil {
		return err
	}
	h.Head = reach.head
	l.mu.RLock()
	key := l.key
	l.mu.RUnlock()
	x, err := newWriter(w, h, key)
	if err != nil {
		return fmt.Errorf("audit: export: %w", err)
	}
	if h.Complete {
		err = s.walk(ctx, reach, x.stored, x.digest)
	} else {
		err = s.pages(ctx, reach.head.Seq, func(r stored) error {
			if !f.matches(r.body) {
				return nil
			}
			return x.stored(r)
		})
	}
	if err == nil {
		err = x.close(l.o.Now().UnixMilli())
	}
	if err != nil {
		return fmt.Errorf("audit: export: %w", err)
	}
	return nil
}
