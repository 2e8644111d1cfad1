package duckdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/klauspost/compress/s2"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// A log is the durable form of a hot segment: one frame for each Write, which is there with all its rows or not at all.
//
//	frame: magic 4, length 4, checksum 4, rows 4, payload (S2 of what encoder wrote); little-endian
//
// The checksum (CRC-32C) covers rows and payload. A frame that was torn by a crash was never acknowledged. The magic number is
// the version of what is in the payload.
const (
	formerMagic = 0x57524253 // SBRW: rows one behind the other
	frameMagic  = 0x43524253 // SBRC: column by column
	frameHeader = 16
	maxFrame    = 1 << 30
	maxPlain    = 2 << 30
	maxLog      = 1 << 62 // more bytes than a log has
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFrame appends a frame of rows.
func appendFrame(b []byte, e *encoder, batches []*rowstore.Batch, rows int) []byte {
	e.plain = e.encode(e.plain[:0], batches)
	head := len(b)
	if need := head + frameHeader + s2.MaxEncodedLen(len(e.plain)); cap(b) < need {
		b = append(make([]byte, 0, need), b...)
	}
	body := s2.Encode(b[head+frameHeader:cap(b)], e.plain)
	b = b[:head+frameHeader+len(body)]
	h := b[head:]
	binary.LittleEndian.PutUint32(h, frameMagic)
	binary.LittleEndian.PutUint32(h[4:], uint32(len(body)))
	binary.LittleEndian.PutUint32(h[12:], uint32(rows))
	binary.LittleEndian.PutUint32(h[8:], crc32.Checksum(h[12:], castagnoli))
	return b
}

// writeLog is a log that is written.
type writeLog struct {
	f     *os.File
	size  int64
	plain int64 // before compression
}

func createLog(path string) (*writeLog, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	return &writeLog{f: f}, err
}

// append writes frames behind the others, or nothing.
func (l *writeLog) append(frames []byte, sync bool) error {
	_, err := l.f.WriteAt(frames, l.size)
	if err == nil && sync {
		err = l.f.Sync()
	}
	if err != nil {
		return errors.Join(err, l.f.Truncate(l.size))
	}
	l.size += int64(len(frames))
	return nil
}

// logRead is what reading a log found.
type logRead struct {
	rows    int64
	end     int64 // behind the last frame that could be read
	damaged int64 // bytes that could not be read though frames that could follow them
	where   int64 // the first of them
}

// frame is the payload of a frame before compression.
type frame struct {
	former bool // its rows lie one behind the other
	rows   uint32
	plain  []byte
}

// decode hands over the rows, batch by batch; p and the batch are used again.
func (x frame) decode(p *part, batch *rowstore.Batch, f func(*rowstore.Batch) error) error {
	if !x.former {
		var known resources
		return decodeParts(x.plain, p, func(p *part) error {
			batch.Reset(p.table)
			p.addTo(batch, &known)
			return f(batch)
		})
	}
	var of [3]rowstore.Batch
	for _, t := range rowstore.Tables() {
		of[t].Reset(t)
	}
	err := decodeFormer(x.plain, func(t rowstore.Table) *rowstore.Batch { return &of[t] })
	for t := range of {
		if err == nil && len(of[t].Rows) > 0 {
			err = f(&of[t])
		}
	}
	return err
}

// readLog hands over the rows of a log from a byte, where a frame begins, to another. Damaged frames are left out and counted;
// what is torn at the end is no damage.
func readLog(path string, from, upTo int64, f func(*rowstore.Batch) error) (got logRead, err error) {
	var p part
	var batch rowstore.Batch
	var plain []byte
	return readFrames(path, from, upTo, func(n int) []byte {
		if cap(plain) < n {
			plain = make([]byte, n)
		}
		return plain[:n]
	}, func(x frame) error { return x.decode(&p, &batch, f) })
}

// readFrames hands over each frame, in memory that take has given for it.
func readFrames(path string, from, upTo int64, take func(n int) []byte, f func(frame) error) (got logRead, err error) {
	file, err := os.Open(path)
	if err != nil {
		return got, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return got, err
	}
	size := min(info.Size(), upTo)
	var r frameReader
	for at := from; at+frameHeader <= size; {
		x, next, packed, err := r.read(file, at, size)
		if err == nil {
			x.plain, err = unpack(packed, take)
		}
		if err != nil {
			next, err := nextFrame(file, at+1, size)
			if err != nil || next < 0 {
				return got, err
			}
			if got.damaged == 0 {
				got.where = at
			}
			got.damaged += next - at
			at = next
			continue
		}
		if err := f(x); err != nil {
			return got, fmt.Errorf("log %s at byte %d: %w", path, at, err)
		}
		got.rows += int64(x.rows)
		at, got.end = next, next
	}
	return got, nil
}

var errFrame = errors.New("no frame")

// frameReader reads frames into memory that it uses again.
type frameReader struct {
	head [frameHeader]byte
	b    []byte
}

// read reads the frame at a byte of the file and checks it. next is the byte behind it.
func (r *frameReader) read(file *os.File, at, size int64) (x frame, next int64, packed []byte, err error) {
	h := r.head[:]
	if _, err := file.ReadAt(h, at); err != nil {
		return x, 0, nil, err
	}
	n := int64(binary.LittleEndian.Uint32(h[4:]))
	next = at + frameHeader + n
	if magic := binary.LittleEndian.Uint32(h); !isMagic(magic) || n > maxFrame || next > size {
		return x, 0, nil, errFrame
	}
	if int64(cap(r.b)) < n {
		r.b = make([]byte, n)
	}
	packed = r.b[:n]
	if _, err := file.ReadAt(packed, at+frameHeader); err != nil {
		return x, 0, nil, err
	}
	if crc32.Update(crc32.Checksum(h[12:], castagnoli), castagnoli, packed) != binary.LittleEndian.Uint32(h[8:]) {
		return x, 0, nil, errFrame
	}
	x = frame{former: binary.LittleEndian.Uint32(h) == formerMagic, rows: binary.LittleEndian.Uint32(h[12:])}
	return x, next, packed, nil
}

func isMagic(n uint32) bool { return n == frameMagic || n == formerMagic }

// unpack returns the payload as it was before compression.
func unpack(packed []byte, take func(n int) []byte) ([]byte, error) {
	n, err := s2.DecodedLen(packed)
	if err != nil || n > maxPlain {
		return nil, errFrame
	}
	if n == 0 {
		return nil, nil
	}
	plain, err := s2.Decode(take(n), packed)
	if err != nil {
		return nil, errFrame
	}
	return plain, nil
}

// nextFrame looks for the next frame that can be read; -1 if there is none.
func nextFrame(file *os.File, from, size int64) (int64, error) {
	const step = 1 << 20
	b := make([]byte, step+3)
	var r frameReader
	for ; from < size; from += step {
		n, err := file.ReadAt(b, from)
		if err != nil && !errors.Is(err, io.EOF) {
			return -1, err
		}
		for i := 0; i+4 <= n; i++ {
			if !isMagic(binary.LittleEndian.Uint32(b[i:])) {
				continue
			}
			if _, _, _, err := r.read(file, from+int64(i), size); err == nil {
				return from + int64(i), nil
			}
		}
	}
	return -1, nil
}
