package duckdb

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// loadedLog is the rows of a log, encoded as they are, and what sorting them needs. What repeats is kept once and has a number.
type loadedLog struct {
	memory    arena
	frames    [][]byte
	marks     [3][]mark
	services  []string
	keys      [][]string // lists of attributes' keys
	resources []*rowstore.Resource
}

// mark is where a row is in a loaded log.
type mark struct {
	time     int64
	frame    uint32
	at       uint32
	service  uint32
	keys     uint32
	resource uint32 // 0: none
}

// loadLog reads the log of a closed segment. The caller closes what it returns.
func (s *Store) loadLog(seg *segment) (_ *loadedLog, err error) {
	l := &loadedLog{memory: arena{block: 16 << 20}, keys: [][]string{nil}, resources: []*rowstore.Resource{nil}}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for t, h := range seg.tables {
		l.marks[t] = make([]mark, 0, h.rows)
	}
	m := marker{loadedLog: l, services: map[string]uint32{}, keys: map[string]uint32{"": 0}, resources: map[string]uint32{}}
	got, err := readFrames(seg.path, 0, seg.kept, l.memory.take, func(_ uint32, plain []byte) error { return m.frame(plain) })
	if err == nil && got.damaged > 0 {
		s.note(fmt.Sprintf("The log %s was damaged before it was sealed: %d bytes from byte %d on cannot be read, and the rows in them are lost", filepath.Base(seg.path), got.damaged, got.where))
	}
	if err == nil && got.end < seg.kept {
		s.note(fmt.Sprintf("The log %s ends at byte %d and had %d bytes: rows that were acknowledged are lost", filepath.Base(seg.path), got.end, seg.kept))
	}
	return l, err
}

func (l *loadedLog) close() { l.memory.close() }

// marker fills a loaded log.
type marker struct {
	*loadedLog
	services  map[string]uint32
	last      uint32            // service of the row before
	keys      map[string]uint32 // by the keys, joined
	resources map[string]uint32
	joined    []byte
}

// frame marks the rows of a frame.
func (m *marker) frame(plain []byte) error {
	no := uint32(len(m.frames))
	m.frames = append(m.frames, plain)
	d := &decoder{b: plain}
	var numbers [maxShared]uint32 // of the frame's resources
	known := 0
	for len(d.b) > 0 {
		t := rowstore.Table(d.byte())
		n := d.uvarint()
		if d.err != nil || t > rowstore.Events {
			return errors.Join(d.err, errShort)
		}
		keys, first := uint32(0), true
		for range n {
			at := uint32(len(plain) - len(d.b))
			time, service, again, resource := d.skim()
			if d.err != nil {
				return d.err
			}
			if !again || first {
				keys, first = m.list(d.keys), false
			}
			w := mark{time: time, frame: no, at: at, service: m.service(service), keys: keys}
			switch {
			case resource == 0:
			case resource <= known:
				w.resource = numbers[resource-1]
			default:
				w.resource = m.resource(d.text())
				if known < maxShared {
					numbers[known] = w.resource
					known++
				}
			}
			m.marks[t] = append(m.marks[t], w)
		}
	}
	return d.err
}

func (m *marker) service(name string) uint32 {
	if m.last < uint32(len(m.loadedLog.services)) && m.loadedLog.services[m.last] == name {
		return m.last
	}
	id, ok := m.services[name]
	if !ok {
		id = uint32(len(m.loadedLog.services))
		m.services[name] = id
		m.loadedLog.services = append(m.loadedLog.services, name)
	}
	m.last = id
	return id
}

func (m *marker) list(keys []string) uint32 {
	m.joined = m.joined[:0]
	for _, k := range keys {
		m.joined = appendText(m.joined, k)
	}
	id, ok := m.keys[string(m.joined)]
	if !ok {
		id = uint32(len(m.loadedLog.keys))
		m.keys[string(m.joined)] = id
		own := make([]string, len(keys)) // what is said of a file outlives the log
		for i, k := range keys {
			own[i] = strings.Clone(k)
		}
		m.loadedLog.keys = append(m.loadedLog.keys, own)
	}
	return id
}

func (m *marker) resource(json string) uint32 {
	id, ok := m.resources[json]
	if !ok {
		id = uint32(len(m.loadedLog.resources))
		m.resources[json] = id
		m.loadedLog.resources = append(m.loadedLog.resources, &rowstore.Resource{JSON: json})
	}
	return id
}

// row decodes a row into a batch.
func (l *loadedLog) row(w *mark, b *rowstore.Batch) (*rowstore.Row, error) {
	b.Reset(b.Table)
	d := decoder{b: l.frames[w.frame][w.at:], keys: l.keys[w.keys], elsewhere: true}
	d.row(b)
	r := &b.Rows[0]
	r.Resource = l.resources[w.resource]
	return r, d.err
}

// sort sorts marks by service and time; rows of one time stay as they came.
func (l *loadedLog) sort(marks []mark) {
	order := make([]uint32, len(l.services))
	byName := make([]uint32, len(l.services))
	for i := range byName {
		byName[i] = uint32(i)
	}
	slices.SortFunc(byName, func(a, b uint32) int { return strings.Compare(l.services[a], l.services[b]) })
	for i, id := range byName {
		order[id] = uint32(i)
	}
	slices.SortFunc(marks, func(a, b mark) int {
		if a.service != b.service {
			return cmp.Compare(order[a.service], order[b.service])
		}
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.frame, b.frame), cmp.Compare(a.at, b.at))
	})
}

// count returns in how many rows each key stands.
func (l *loadedLog) count(marks []mark) map[string]int {
	lists := make([]int, len(l.keys))
	for i := range marks {
		lists[marks[i].keys]++
	}
	rows := map[string]int{}
	for id, n := range lists {
		for i, k := range l.keys[id] {
			if n > 0 && !slices.Contains(l.keys[id][:i], k) {
				rows[strings.ToValidUTF8(k, "\uFFFD")] += n
			}
		}
	}
	return rows
}

// ownColumns picks the keys that are worth a column.
func ownColumns(rows map[string]int, all int) (columns []string) {
	names := slices.SortedFunc(maps.Keys(rows), func(a, b string) int { return cmp.Or(cmp.Compare(rows[b], rows[a]), cmp.Compare(a, b)) })
	for _, k := range names {
		same := func(other string) bool { return strings.EqualFold(k, other) }
		if len(columns) < maxPromoted && rows[k]*promotedShare >= all && promotedName.MatchString(k) && !slices.ContainsFunc(columns, same) {
			columns = append(columns, k)
		}
	}
	return columns
}

// sealSorted writes a file for each day of marked rows. Stragglers of many days share one file, so that wrong clocks do not
// make thousands.
func (s *Store) sealSorted(p *shop, t rowstore.Table, marks []mark, l *loadedLog) (files []sealedFile, err error) {
	rows := l.count(marks)
	keys, columns := slices.Sorted(maps.Keys(rows)), ownColumns(rows, len(marks))
	byDay := map[int64]int{}
	for i := range marks {
		byDay[dayOf(marks[i].time)]++
	}
	days := slices.SortedFunc(maps.Keys(byDay), func(a, b int64) int { return cmp.Or(cmp.Compare(byDay[b], byDay[a]), cmp.Compare(a, b)) })
	l.sort(marks)
	var rest []mark
	for i, day := range days {
		part := marks
		if len(days) > 1 {
			part = slices.DeleteFunc(slices.Clone(marks), func(w mark) bool { return dayOf(w.time) != day })
		}
		if i >= 2 && (i >= sealDays || len(part) < strayRows) {
			rest = slices.DeleteFunc(marks, func(w mark) bool { return slices.Contains(days[:i], dayOf(w.time)) })
			break
		}
		f, err := s.writeMarked(p, sealedFile{Table: t, Day: day, Schema: schemaVersion, Keys: keys, Promoted: promoted(columns)}, columns, part, l)
		if err != nil {
			return files, err
		}
		files = append(files, f)
	}
	if len(rest) > 0 {
		f, err := s.writeMarked(p, sealedFile{Table: t, Day: mixedDay, Schema: schemaVersion, Keys: keys, Promoted: promoted(columns)}, columns, rest, l)
		if err != nil {
			return files, err
		}
		files = append(files, f)
	}
	return files, nil
}

// writeMarked writes rows into a file in their order.
func (s *Store) writeMarked(p *shop, f sealedFile, columns []string, marks []mark, l *loadedLog) (sealedFile, error) {
	slots := make([][]int16, len(l.keys)) // for each list of keys: the keys' columns
	for i, list := range l.keys {
		slots[i] = make([]int16, len(list))
		for k, key := range list {
			slots[i][k] = int16(slices.Index(columns, key))
		}
	}
	return s.newFile(p, f, func() (err error) {
		create := "CREATE TABLE out.rows AS SELECT *"
		for _, k := range columns {
			create += ", NULL::VARCHAR AS " + promotedColumn(k)
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, run(p.conn, "ROLLBACK"))
			}
		}()
		if err := p.run("BEGIN", create+" FROM stage.empty"); err != nil {
			return err
		}
		var a raw.Appender
		if raw.AppenderCreateExt(p.conn, "out", "main", "rows", &a) == raw.StateError {
			err := errors.New(raw.AppenderError(a))
			raw.AppenderDestroy(&a)
			return err
		}
		defer raw.AppenderDestroy(&a)
		c := newChunker(len(columns))
		defer c.close()
		var b rowstore.Batch
		for i := range marks {
			r, err := l.row(&marks[i], &b)
			if err != nil {
				return err
			}
			if c.addTo(r, slots[marks[i].keys]); c.full() {
				if err := c.appendTo(a); err != nil {
					return err
				}
			}
		}
		if err := c.appendTo(a); err != nil {
			return err
		}
		if raw.AppenderClose(a) == raw.StateError {
			return errors.New(raw.AppenderError(a))
		}
		return p.run("COMMIT")
	})
}
