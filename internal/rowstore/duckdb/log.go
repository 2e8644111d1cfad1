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
//	frame: magic 4, length 4, checksum 4, rows 4, payload (S2 of encodeBatches); little-endian
//
// The checksum (CRC-32C) covers rows and payload. A frame that was torn by a crash was never acknowledged.
const (
	frameMagic  = 0x57524253 // SBRW
	frameHeader = 16
	maxFrame    = 1 << 30
	maxPlain    = 2 << 30
	maxLog      = 1 << 62 // more bytes than a log has
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFrame appends a frame of rows; plain is scratch memory, which it returns.
func appendFrame(b, plain []byte, batches []*rowstore.Batch, rows int) (frame, scratch []byte) {
	plain = encodeBatches(plain[:0], batches)
	head := len(b)
	if need := head + frameHeader + s2.MaxEncodedLen(len(plain)); cap(b) < need {
		b = append(make([]byte, 0, need), b...)
	}
	body := s2.Encode(b[head+frameHeader:cap(b)], plain)
	b = b[:head+frameHeader+len(body)]
	h := b[head:]
	binary.LittleEndian.PutUint32(h, frameMagic)
	binary.LittleEndian.PutUint32(h[4:], uint32(len(body)))
	binary.LittleEndian.PutUint32(h[12:], uint32(rows))
	binary.LittleEndian.PutUint32(h[8:], crc32.Checksum(h[12:], castagnoli))
	return b, plain
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

// readLog hands over the rows of a log from a byte, where a frame begins, to another. Damaged frames are left out and counted;
// what is torn at the end is no damage.
func readLog(path string, from, upTo int64, f func(*rowstore.Batch) error) (got logRead, err error) {
	var batch rowstore.Batch
	var plain []byte
	return readFrames(path, from, upTo, func(n int) []byte {
		if cap(plain) < n {
			plain = make([]byte, n)
		}
		return plain[:n]
	}, func(_ uint32, plain []byte) error { return decodeBatches(plain, &batch, f) })
}

// readFrames hands over the plain payload of each frame, in memory that take has given for it.
func readFrames(path string, from, upTo int64, take func(n int) []byte, f func(rows uint32, plain []byte) error) (got logRead, err error) {
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
		rows, next, packed, err := r.read(file, at, size)
		var plain []byte
		if err == nil {
			plain, err = unpack(packed, take)
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
		if err := f(rows, plain); err != nil {
			return got, fmt.Errorf("log %s at byte %d: %w", path, at, err)
		}
		got.rows += int64(rows)
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
func (r *frameReader) read(file *os.File, at, size int64) (rows uint32, next int64, packed []byte, err error) {
	h := r.head[:]
	if _, err := file.ReadAt(h, at); err != nil {
		return 0, 0, nil, err
	}
	n := int64(binary.LittleEndian.Uint32(h[4:]))
	next = at + frameHeader + n
	if binary.LittleEndian.Uint32(h) != frameMagic || n > maxFrame || next > size {
		return 0, 0, nil, errFrame
	}
	if int64(cap(r.b)) < n {
		r.b = make([]byte, n)
	}
	packed = r.b[:n]
	if _, err := file.ReadAt(packed, at+frameHeader); err != nil {
		return 0, 0, nil, err
	}
	if crc32.Update(crc32.Checksum(h[12:], castagnoli), castagnoli, packed) != binary.LittleEndian.Uint32(h[8:]) {
		return 0, 0, nil, errFrame
	}
	return binary.LittleEndian.Uint32(h[12:]), next, packed, nil
}

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
			if binary.LittleEndian.Uint32(b[i:]) != frameMagic {
				continue
			}
			if _, _, _, err := r.read(file, from+int64(i), size); err == nil {
				return from + int64(i), nil
			}
		}
	}
	return -1, nil
}
