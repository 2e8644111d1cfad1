package duckdb

import (
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	pathBytes = 256 << 20        // that columns in order of people may take, those of hot rows apart
	pathIdle  = 15 * time.Minute // after which a file that nobody asks about is forgotten
)

// paths keeps columns of sealed files in memory in order of people and time, as far as they are not in a file of their own, so
// that the second question about people's paths reads nothing. A sealed file never changes: what is kept of it is good until it
// is forgotten, for want of room, after a while, or because somebody was erased.
type paths struct {
	mu    sync.Mutex
	files map[uint64]*pathFile
	bytes int
	uses  uint64
}

// pathAnonymous is the column of the sessions of rows without a user.
const pathAnonymous = columns

// pathFile is what is kept of one file.
type pathFile struct {
	loading sync.Mutex // whoever reads columns of the file has it
	used    uint64
	at      time.Time
	bytes   int
	rows    *pathRows
}

// forget drops everything.
func (p *paths) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files, p.bytes = nil, 0
}

// idle drops files that nobody has asked about for a while.
func (p *paths) idle(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, f := range p.files {
		if now.Sub(f.at) > pathIdle {
			delete(p.files, id)
			p.bytes -= f.bytes
		}
	}
}

// file returns the place of a file.
func (p *paths) file(id uint64, now time.Time) *pathFile {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.files[id]
	if f == nil {
		if f = (&pathFile{}); p.files == nil {
			p.files = map[uint64]*pathFile{}
		}
		p.files[id] = f
	}
	p.uses++
	f.used, f.at = p.uses, now
	return f
}

// grown notes that a file takes more memory, and forgets those that were not asked about for longest if all take too much.
func (p *paths) grown(id uint64, f *pathFile, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.files[id] != f { // forgotten meanwhile
		return
	}
	f.bytes += bytes
	p.bytes += bytes
	for p.bytes > pathBytes && len(p.files) > 1 {
		oldest, at := uint64(0), f
		for other, x := range p.files {
			if x != f && (at == f || x.used < at.used) {
				oldest, at = other, x
			}
		}
		delete(p.files, oldest)
		p.bytes -= at.bytes
	}
}

// pathPart is a number of somebody by which people are parted; pathPartSQL is the same in SQL.
func pathPart(who string) uint32 {
	if who == "" {
		return 0
	}
	r, _ := utf8.DecodeLastRuneInString(who)
	return uint32(r)
}

// pathHash is by what people are in order, and after it by their ids; 0 is nobody's. The people of each of two parts stand together.
func pathHash(who string) uint64 {
	if who == "" {
		return 0
	}
	half := uint64(pathPart(who)&1) << 63
	return min(max(1, half|xxhash.Sum64String(who)>>1), pathEnd-1)
}

// pathHalf is the first hash of the second of two parts.
const pathHalf = uint64(1) << 63

// pathEnd is behind all people.
const pathEnd = ^uint64(0)

func pathPartSQL() string {
	return "(CASE WHEN user_id <> '' THEN unicode(right(user_id, 1)) WHEN session_id <> '' THEN unicode(right(session_id, 1)) ELSE 0 END)"
}

// partWhere renders that a row belongs to the part of a scan.
func partWhere(src *seeker, q rowstore.Scan) string {
	if q.Parts < 2 {
		return ""
	}
	return " AND " + strings.Join([]string{pathPartSQL(), "%", src.arg(int64(q.Parts)) + "::BIGINT", "=", src.arg(int64(q.Part)) + "::BIGINT"}, " ")
}
