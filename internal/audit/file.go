package audit

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"runtime"
	"sync"

	"github.com/signalbox/signalbox/internal/fault"
)

// A file is read in blocks of whole lines; no line is longer than a block.
const maxLine = 1 << 20

// VerifyFile verifies an exported file, plain or gz. Blocks of lines are hashed by several workers and joined in order; only
// a block in which something is odd is walked again, line by line, to say what. Memory is bounded by a few blocks.
func VerifyFile(ctx context.Context, r io.Reader, o VerifyOptions) (Report, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if magic, err := in.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(in)
		if err != nil {
			return Report{}, fault.New(fault.Invalid, "the file is no good gzip: %w", err)
		}
		return verifyLines(ctx, z, o)
	}
	return verifyLines(ctx, in, o)
}

// fileChecker is a checker for the lines of a file.
type fileChecker struct {
	*checker
	header  header
	headSum sum
	hashes  hash.Hash
	line    int64
	ended   bool
}

func verifyLines(ctx context.Context, r io.Reader, o VerifyOptions) (Report, error) {
	blocks := &blockReader{r: r}
	first := &block{}
	if err := blocks.read(first); err != nil && !errors.Is(err, io.EOF) {
		return unreadable(newChecker(o, true), 1, err)
	}
	c := &fileChecker{hashes: sha256.New(), line: 1}
	text, rest, more := bytes.Cut(first.data, []byte{'\n'})
	if b := c.begin(text, o); b != nil {
		b.Line = 1
		if c.checker == nil {
			c.checker = newChecker(o, true)
		}
		return c.broken(b), nil
	}
	first.data, first.some = rest, more
	return c.run(ctx, blocks, first)
}

// unreadable says that a file ends in an error.
func unreadable(c *checker, line int64, err error) (Report, error) {
	if errors.As(err, new(*tooLong)) || errors.As(err, new(flate.CorruptInputError)) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		return c.broken(&Break{Kind: BreakFile, Seq: c.seq + 1, Line: line, What: "the file cannot be read from here on: " + err.Error()}), nil
	}
	return Report{}, fmt.Errorf("read the file: %w", err)
}

// begin reads the header line.
func (c *fileChecker) begin(line []byte, o VerifyOptions) *Break {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c.header); err != nil || dec.More() || c.header.Version != 1 {
		return &Break{Kind: BreakFile, What: "the file does not begin with the header of an exported audit log"}
	}
	c.headSum = sum(sha256.Sum256(line))
	c.checker = newChecker(o, c.header.Complete)
	return c.trust(c.header.Keys)
}

// lineBreak walks one line.
func (c *fileChecker) lineBreak(line []byte) *Break {
	c.line++
	b := c.walkLine(line)
	if b != nil && b.Line == 0 {
		b.Line = c.line
	}
	return b
}

func (c *fileChecker) walkLine(line []byte) *Break {
	if c.ended {
		return &Break{Kind: BreakFile, What: "there are lines after the end"}
	}
	if prev, hash, body, ok := splitRecord(line); ok {
		if b := c.record(prev, hash, body); b != nil {
			return b
		}
		_, _ = c.hashes.Write(hash[:])
		return nil
	}
	if body, signature, ok := splitSigned(line, digestHead); ok {
		if !c.complete {
			return &Break{Kind: BreakFile, What: "a digest in a file that leaves records out"}
		}
		return c.digest(body, signature)
	}
	if body, signature, ok := splitSigned(line, endHead); ok {
		return c.finish(body, signature)
	}
	b := &Break{Kind: BreakFile, Seq: c.seq + 1, What: "the line is not as it was written: it is no record, digest or end"}
	if bytes.HasPrefix(line, []byte(digestHead)) {
		b.Seq, b.Digest = 0, c.last.Number+1
	}
	if bytes.HasPrefix(line, []byte(endHead)) {
		b.Seq, b.What = 0, "the end of the file is not as it was written"
	}
	return b
}

// finish checks the signed end against everything that was read.
func (c *fileChecker) finish(body []byte, signature string) *Break {
	c.ended = true
	var e end
	if err := json.Unmarshal(body, &e); err != nil {
		return &Break{Kind: BreakSignature, What: "the end of the file cannot be read: it was changed"}
	}
	if what := c.signedBy(e.Key, endMessage(body), signature); what != "" {
		return &Break{Kind: BreakSignature, What: "the end of the file: " + what}
	}
	switch {
	case e.Header != c.headSum.String():
		return &Break{Kind: BreakFile, Line: 1, What: "the header, the first line of the file, is not the one that was written"}
	case e.Count != c.report.Records:
		return &Break{Kind: BreakTail, Seq: c.seq + 1, At: c.at, What: fmt.Sprintf("the file has %d records, but was written with %d", c.report.Records, e.Count)}
	case e.Digests != c.report.Digests:
		return &Break{Kind: BreakHour, Digest: c.last.Number + 1, At: c.last.To, What: fmt.Sprintf("the file has %d digests, but was written with %d", c.report.Digests, e.Digests)}
	case e.Sum != hex.EncodeToString(c.hashes.Sum(nil)):
		return &Break{Kind: BreakDigest, Seq: c.report.FirstSeq, To: c.seq, What: "the records are not those that the file was written with"}
	}
	c.report.SignedSeq = c.seq
	return nil
}

// splitRecord reads a record line by its fixed places.
func splitRecord(line []byte) (prev, hash sum, body []byte, ok bool) {
	if len(line) <= prefixLength+len(recordTail) || string(line[:len(recordHead)]) != recordHead || string(line[len(line)-len(recordTail):]) != recordTail {
		return prev, hash, nil, false
	}
	const middle = len(recordHead) + 64
	const before = middle + len(recordMiddle) + 64
	if string(line[middle:middle+len(recordMiddle)]) != recordMiddle || string(line[before:prefixLength]) != recordBody {
		return prev, hash, nil, false
	}
	hash, ok1 := parseSum(line[len(recordHead):middle])
	prev, ok2 := parseSum(line[middle+len(recordMiddle) : before])
	return prev, hash, line[prefixLength : len(line)-len(recordTail)], ok1 && ok2
}

// splitSigned reads a line with a signature by its fixed places.
func splitSigned(line []byte, head string) (body []byte, signature string, ok bool) {
	const length = len(signatureHead) + 128 + len(signatureTail)
	if len(line) < len(head)+length || string(line[:len(head)]) != head {
		return nil, "", false
	}
	at := len(line) - length
	tail := line[at:]
	if string(tail[:len(signatureHead)]) != signatureHead || string(tail[len(tail)-len(signatureTail):]) != signatureTail {
		return nil, "", false
	}
	return line[len(head):at], string(tail[len(signatureHead) : len(signatureHead)+128]), true
}

// block is some whole lines.
type block struct {
	buf  []byte
	data []byte // whole lines, without the last line feed
	some bool   // there are lines; one may be empty
	scan scan
	done chan struct{}
}

type tooLong struct{}

func (*tooLong) Error() string { return fmt.Sprintf("a line has more than %d bytes", maxLine) }

// blockReader cuts a stream into blocks at line feeds.
type blockReader struct {
	r    io.Reader
	rest []byte // of the line that the last block ended in
	err  error
}

// read fills a block. io.EOF comes with the last lines or alone.
func (r *blockReader) read(b *block) error {
	if b.buf == nil {
		b.buf = make([]byte, maxLine)
	}
	n := copy(b.buf, r.rest)
	for n < len(b.buf) && r.err == nil {
		var m int
		m, r.err = r.r.Read(b.buf[n:])
		n += m
	}
	b.data, b.some, r.rest = b.buf[:n], n > 0, r.rest[:0]
	if errors.Is(r.err, io.EOF) {
		b.data = bytes.TrimSuffix(b.data, []byte{'\n'})
		return io.EOF
	}
	at := bytes.LastIndexByte(b.data, '\n')
	if at < 0 {
		if r.err != nil {
			return r.err
		}
		return &tooLong{}
	}
	r.rest = append(r.rest, b.data[at+1:]...)
	b.data = b.data[:at]
	return nil // an error is told with the next block
}

// run reads, hashes and joins.
func (c *fileChecker) run(ctx context.Context, blocks *blockReader, first *block) (Report, error) {
	workers := c.o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	free := make(chan *block, workers+2) // bounds the memory
	for range workers + 1 {
		free <- &block{}
	}
	work, order := make(chan *block, workers+2), make(chan *block, workers+2) // room for all blocks: sending never waits
	for range workers {
		wg.Go(func() {
			s := newScanner(c.complete, c.anchors)
			for b := range work {
				s.scan(b)
				close(b.done)
			}
		})
	}
	var readErr error
	wg.Go(func() {
		defer close(work)
		defer close(order)
		b, err := first, blocks.err
		for {
			if b.some {
				b.done = make(chan struct{})
				work <- b
				order <- b
			}
			if err != nil {
				break
			}
			select {
			case b = <-free:
			case <-ctx.Done():
				readErr = ctx.Err()
				return
			}
			err = blocks.read(b)
		}
		if !errors.Is(err, io.EOF) {
			readErr = err
		}
	})
	for b := range order {
		<-b.done
		if br := c.join(b); br != nil {
			return c.broken(br), nil
		}
		free <- b
	}
	// order is closed: readErr is written.
	if readErr != nil {
		if ctx.Err() != nil {
			return Report{}, ctx.Err()
		}
		return unreadable(c.checker, c.line+1, readErr)
	}
	if !c.ended {
		return c.broken(&Break{Kind: BreakTail, Seq: c.seq + 1, At: c.at, Line: c.line + 1, What: "the file ends without its end: it was cut"}), nil
	}
	if b := c.newestHour(c.header.ExportedAt); b != nil {
		return c.broken(b), nil
	}
	if b := c.tail(); b != nil {
		return c.broken(b), nil
	}
	if !c.complete {
		c.note("The file was exported with a filter: each record is as it was written, and the end vouches for the choice; records that the filter left out cannot be told from records that are missing")
	}
	return c.good(), nil
}

// join takes the scan of a block in if it fits, and walks the block line by line if not.
func (c *fileChecker) join(b *block) *Break {
	s := &b.scan
	fits := s.clean && !c.ended
	if fits && s.records > 0 {
		fits = s.firstSeq > c.seq
		if c.complete {
			fits = s.firstSeq == c.seq+1
		}
		if s.firstSeq == c.seq+1 && (c.complete || c.seq > 0) {
			fits = fits && s.firstPrev == c.hash
		}
	}
	if !fits {
		for data := b.data; ; {
			line, rest, more := bytes.Cut(data, []byte{'\n'})
			if br := c.lineBreak(line); br != nil {
				return br
			}
			if !more {
				return nil
			}
			data = rest
		}
	}
	return c.take(b)
}

// take takes a clean block in: the digests are checked here, each at its place.
func (c *fileChecker) take(b *block) *Break {
	s := &b.scan
	if c.report.Records == 0 && s.records > 0 {
		c.report.FirstSeq, c.born = s.firstSeq, s.firstAt
	}
	records, line := c.report.Records, c.line
	for _, d := range s.digests {
		if d.records > 0 {
			c.seq, c.hash, c.at = d.seq, d.hash, d.at
		}
		if !c.complete {
			return &Break{Kind: BreakFile, Line: line + d.line, What: "a digest in a file that leaves records out"}
		}
		c.report.Records = records + d.records
		if br := c.digest(d.body, d.signature); br != nil {
			br.Line = line + d.line
			return br
		}
	}
	if s.records > 0 {
		c.seq, c.hash, c.at = s.seq, s.hash, s.at
	}
	c.report.Records, c.line = records+s.records, line+s.lines
	c.report.Anchors += s.anchors
	_, _ = c.hashes.Write(s.hashes)
	if c.o.Progress != nil {
		c.o.Progress(c.report.Records)
	}
	return nil
}
