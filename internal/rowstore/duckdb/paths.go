package duckdb

import (
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	pathBytes = 256 << 20        // that columns in order of people may take, those of hot rows apart
	pathIdle  = 15 * time.Minute // after which a file that nobody asks about is forgotten
)

// paths keeps columns of sealed files in memory in order of people and time, so that the second question about people's paths
// reads nothing. A sealed file never changes: what is kept of it is good until it is forgotten, for want of room, after a
// while, or because somebody was erased.
type paths struct {
	mu    sync.Mutex
	words [columns + 1]*pathWords // by column; those of colUser are the people, number 0 being nobody
	files map[uint64]*pathFile
	bytes int // of the files' columns
	uses  uint64
}

// pathAnonymous is the column of the sessions of rows without a user.
const pathAnonymous = columns

// pathWords numbers the texts of a column, for all files.
type pathWords struct {
	number map[string]uint32
	texts  []string
	part   []uint32 // what tells parts of people apart
	bytes  int
}

// pathFile is what is kept of one file.
type pathFile struct {
	loading sync.Mutex // whoever reads columns of the file has it
	used    uint64
	at      time.Time
	bytes   int
	rows    *pathRows
}

// pathShelf is the paths that are kept now. Whoever began to read with others goes on with those: the numbers of words are
// theirs.
type pathShelf struct {
	mu  sync.Mutex
	now *paths
}

func (s *pathShelf) shelf() *paths {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil || s.now.wordy() {
		s.now = &paths{}
	}
	return s.now
}

// forget drops everything.
func (s *pathShelf) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = nil
}

// idle drops files that nobody has asked about for a while, and with the last of them the words.
func (s *pathShelf) idle(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil && s.now.idle(now) {
		s.now = nil
	}
}

func (p *paths) idle(now time.Time) (empty bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, f := range p.files {
		if now.Sub(f.at) > pathIdle {
			delete(p.files, id)
			p.bytes -= f.bytes
		}
	}
	return len(p.files) == 0
}

// wordy reports whether words take so much that it is time to begin anew.
func (p *paths) wordy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wordBytes() > pathBytes/2
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
	for p.bytes+p.wordBytes() > pathBytes && len(p.files) > 1 {
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

func (p *paths) wordBytes() (n int) {
	for _, w := range p.words {
		if w != nil {
			n += w.bytes
		}
	}
	return n
}

// wordsOf returns the words of a column as they are now: what is added later is behind them.
func (p *paths) wordsOf(col int) pathWords {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *p.dictionary(col)
}

func (p *paths) dictionary(col int) *pathWords {
	w := p.words[col]
	if w == nil {
		w = &pathWords{number: map[string]uint32{"": 0}, texts: []string{""}, part: []uint32{0}}
		p.words[col] = w
	}
	return w
}

// numbers returns the numbers of a file's words among those of all files.
func (p *paths) numbers(col int, local []string) []uint32 {
	out := make([]uint32, len(local))
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.dictionary(col)
	for i, text := range local {
		n, ok := w.number[text]
		if !ok {
			n = uint32(len(w.texts))
			w.number[text] = n
			w.texts, w.part = append(w.texts, text), append(w.part, pathPart(text))
			w.bytes += len(text) + 80
		}
		out[i] = n
	}
	return out
}

// pathPart is a number of somebody by which people are parted; pathPartSQL is the same in SQL.
func pathPart(who string) uint32 {
	if who == "" {
		return 0
	}
	r, _ := utf8.DecodeLastRuneInString(who)
	return uint32(r)
}

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
