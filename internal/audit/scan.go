package audit

import (
	"bytes"
	"crypto/sha256"
	"hash"
)

// scan is what a worker found out about a block by itself.
type scan struct {
	clean     bool // every line is a good record that follows on the one before it, or looks like a digest
	lines     int64
	records   int64
	anchors   int
	firstPrev sum
	firstSeq  int64
	firstAt   int64
	place             // the last record
	hashes    []byte  // of all records
	digests   []found // to be checked in order
}

// place is a record in the chain.
type place struct {
	seq, at int64
	hash    sum
}

// found is a digest line.
type found struct {
	line      int64 // in the block, from 1
	records   int64 // in the block before it
	place           // the last of those
	body      []byte
	signature string
}

// scanner is one worker.
type scanner struct {
	complete         bool
	anchors          map[int64][]string
	hash             hash.Hash
	prev, want, have sum // here, not on the stack: they are handed to an interface
}

func newScanner(complete bool, anchors map[int64][]string) *scanner {
	return &scanner{complete: complete, anchors: anchors, hash: sha256.New()}
}

// scan reads a block.
func (x *scanner) scan(b *block) {
	s := &b.scan
	*s = scan{hashes: s.hashes[:0], digests: s.digests[:0]}
	for data := b.data; ; {
		line, rest, more := data, []byte(nil), false
		if at := bytes.IndexByte(data, '\n'); at >= 0 {
			line, rest, more = data[:at], data[at+1:], true
		}
		s.lines++
		if !x.line(s, line) {
			return
		}
		if !more {
			break
		}
		data = rest
	}
	s.clean = true
}

// line reads one line; false if it is odd.
func (x *scanner) line(s *scan, line []byte) bool {
	var body []byte
	var ok bool
	if x.prev, x.want, body, ok = splitRecord(line); !ok {
		d := found{line: s.lines, records: s.records, place: s.place}
		if d.body, d.signature, ok = splitSigned(line, digestHead); !ok {
			return false
		}
		s.digests = append(s.digests, d)
		return true
	}
	x.hash.Reset()
	_, _ = x.hash.Write(x.prev[:])
	_, _ = x.hash.Write(body)
	x.hash.Sum(x.have[:0])
	seq, ok := seqOf(body)
	if !ok || x.have != x.want || seq <= 0 {
		return false
	}
	if s.records == 0 {
		s.firstPrev, s.firstSeq = x.prev, seq
	} else if next := seq == s.seq+1; seq <= s.seq || next && x.prev != s.hash || !next && x.complete {
		return false
	}
	if len(x.anchors) > 0 {
		for _, a := range x.anchors[seq] {
			if a != x.want.String() {
				return false
			}
			s.anchors++
		}
	}
	s.records++
	s.seq, s.hash = seq, x.want
	s.at, _ = timeOf(body)
	if s.records == 1 {
		s.firstAt = s.at
	}
	s.hashes = append(s.hashes, x.want[:]...)
	return true
}
