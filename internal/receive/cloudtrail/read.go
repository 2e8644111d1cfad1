package cloudtrail

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// CloudTrail's records are 256 kB at most; some room for what it adds.
const maxRecord = 1 << 20

// faulty is a file, or a record in it, that is not as CloudTrail writes it; reading it again does not help.
type faulty struct{ what string }

func (f *faulty) Error() string { return f.what }

func bad(format string, args ...any) error { return &faulty{fmt.Sprintf(format, args...)} }

// counts are what a file came to.
type counts struct{ records, marks, readOnly, faulty int64 }

// rationed gives only as much as it may: of a whole file, and between two records. Memory is bounded by it.
type rationed struct {
	r         io.Reader
	given     int64
	most, all int64 // offsets that may not be passed: for this record, for the file
}

// Read implements io.Reader.
func (r *rationed) Read(p []byte) (int, error) {
	limit := min(r.most, r.all)
	if r.given >= limit {
		if r.given >= r.all {
			return 0, bad("it has more than %d bytes uncompressed", r.all)
		}
		return 0, bad("a record has more than %d bytes", maxRecord)
	}
	n, err := r.r.Read(p[:min(int64(len(p)), limit-r.given)])
	r.given += int64(n)
	return n, err
}

// read reads {"Records": [...]} record by record. What is before a fault in the file has been taken.
func (r *Reader) read(ctx context.Context, f io.Reader, packed bool) (n counts, err error) {
	in := io.Reader(bufio.NewReaderSize(f, 1<<16))
	if packed {
		z, err := gzip.NewReader(in)
		if err != nil {
			return n, bad("it is no gzip: %v", err)
		}
		in = z
	}
	ration := &rationed{r: in, all: r.o.MaxBytes}
	dec := json.NewDecoder(ration)
	next := func() { ration.most = dec.InputOffset() + maxRecord }
	next()
	wrong := func(what string, err error) (counts, error) {
		var f *faulty
		switch {
		case errors.As(err, &f):
			return n, f
		case errors.As(err, new(*fs.PathError)): // the disk, not the file
			return n, err
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return n, bad("%s: it ends in its middle", what)
		}
		return n, bad("%s: %v", what, err)
	}
	if err := expect(dec, json.Delim('{')); err != nil {
		return wrong("it is no JSON object", err)
	}
	found := false
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return wrong("it is no JSON object", err)
		}
		if key != "Records" {
			var skipped json.RawMessage
			if err := dec.Decode(&skipped); err != nil {
				return wrong(fmt.Sprintf("the value of %q", key), err)
			}
			next()
			continue
		}
		found = true
		if err := expect(dec, json.Delim('[')); err != nil {
			return wrong("Records is no list", err)
		}
		var first error
		for dec.More() {
			next()
			var body json.RawMessage
			if err := dec.Decode(&body); err != nil {
				return wrong(fmt.Sprintf("record %d", n.records+1), err)
			}
			n.records++
			err := r.record(ctx, body, &n)
			var f *faulty
			if errors.As(err, &f) { // the others may be good
				n.faulty++
				if first == nil {
					first = bad("record %d: %s", n.records, f.what)
				}
			} else if err != nil {
				return n, err
			}
		}
		if err := expect(dec, json.Delim(']')); err != nil {
			return wrong(fmt.Sprintf("after record %d", n.records), err)
		}
		if first != nil {
			return n, bad("%s (%d of %d records are left out)", first, n.faulty, n.records)
		}
	}
	if err := expect(dec, json.Delim('}')); err != nil {
		return wrong(fmt.Sprintf("after record %d", n.records), err)
	}
	if !found {
		return n, bad("it has no Records: this is no CloudTrail log file")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return n, bad("there is more after its end")
	}
	return n, nil
}

func expect(dec *json.Decoder, want json.Delim) error {
	t, err := dec.Token()
	if err == nil && t != want {
		err = fmt.Errorf("want %q, not %.40q", want, fmt.Sprint(t))
	}
	return err
}
