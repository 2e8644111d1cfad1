package duckdb

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// loadedLog is the rows of a log in the columns in which they were kept, and what sorting them needs.
type loadedLog struct {
	memory   arena
	parts    []*part
	marks    [3][]mark
	services []string
}

// mark is where a row is in a loaded log.
type mark struct {
	time    int64
	part    uint32
	row     uint16 // of the part
	service uint16
}

// maxServices is how many services are told apart when rows are sorted; those beyond are taken for one.
const maxServices = 1<<16 - 1

// fewRows is of how many rows a frame must be to stay as it is: rows of smaller ones are put together first.
const fewRows = 64

// loadLog reads the log of a closed segment. The caller closes what it returns.
func (s *Store) loadLog(seg *segment) (_ *loadedLog, err error) {
	l := &loadedLog{memory: arena{block: 16 << 20}}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for t, h := range seg.tables {
		l.marks[t] = make([]mark, 0, h.rows)
	}
	m := marker{loadedLog: l, services: map[string]uint16{}}
	for t := range m.few {
		m.few[t].Reset(rowstore.Table(t))
	}
	got, err := readFrames(seg.path, 0, seg.kept, l.memory.take, m.frame)
	if err == nil {
		err = m.gather()
	}
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
	services map[string]uint16
	few      [3]rowstore.Batch // rows of small frames
	known    resources
	scratch  part
	encoder  encoder
}

// frame marks the rows of a frame.
func (m *marker) frame(x frame) error {
	if !x.former && x.rows >= fewRows {
		if err := m.gather(); err != nil {
			return err
		}
		return m.add(x.plain)
	}
	var err error
	if x.former {
		err = decodeFormer(x.plain, func(t rowstore.Table) *rowstore.Batch { return &m.few[t] })
	} else {
		err = decodeParts(x.plain, &m.scratch, func(p *part) error {
			p.addTo(&m.few[p.table], &m.known)
			return nil
		})
	}
	for t := range m.few {
		if err == nil && len(m.few[t].Rows) >= partRows {
			err = m.gather()
		}
	}
	return err
}

// gather makes parts of the rows of small frames.
func (m *marker) gather() error {
	for t := range m.few {
		if len(m.few[t].Rows) == 0 {
			continue
		}
		m.encoder.plain = m.encoder.encode(m.encoder.plain[:0], []*rowstore.Batch{&m.few[t]})
		m.few[t].Reset(rowstore.Table(t))
		plain := m.memory.take(len(m.encoder.plain))
		copy(plain, m.encoder.plain)
		if err := m.add(plain); err != nil {
			return err
		}
	}
	return nil
}

// add marks the rows of parts that lie in the log's memory.
func (m *marker) add(plain []byte) error {
	d := &cursor{b: plain}
	for len(d.b) > 0 {
		p := &part{take: m.memory.take}
		if p.read(d); d.err != nil {
			return d.err
		}
		p.lay(&m.memory)
		no, service := uint32(len(m.parts)), &p.texts[0]
		m.parts = append(m.parts, p)
		id := m.service(service.at(0))
		for i := range p.n {
			if service.form >= formEach && i > 0 && service.at(i) != m.loadedLog.services[id] {
				id = m.service(service.at(i))
			}
			m.marks[p.table] = append(m.marks[p.table], mark{time: p.times[i], part: no, row: uint16(i), service: id})
		}
	}
	return nil
}

func (m *marker) service(name string) uint16 {
	id, ok := m.services[name]
	if !ok {
		if len(m.services) == maxServices {
			return maxServices - 1
		}
		id = uint16(len(m.loadedLog.services))
		m.services[name] = id
		m.loadedLog.services = append(m.loadedLog.services, name)
	}
	return id
}

// sort sorts marks by service and time; rows of one time stay as they came.
func (l *loadedLog) sort(marks []mark) {
	order := make([]uint16, len(l.services))
	byName := make([]uint16, len(l.services))
	for i := range byName {
		byName[i] = uint16(i)
	}
	slices.SortFunc(byName, func(a, b uint16) int { return strings.Compare(l.services[a], l.services[b]) })
	for i, id := range byName {
		order[id] = uint16(i)
	}
	starts := make([]int, len(order)+1)
	for i := range marks {
		marks[i].service = order[marks[i].service]
		starts[marks[i].service+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	at := slices.Clone(starts)
	byService := make([]mark, len(marks))
	for _, w := range marks {
		byService[at[w.service]] = w
		at[w.service]++
	}
	copy(marks, byService)
	for i := 1; i < len(starts); i++ {
		slices.SortFunc(marks[starts[i-1]:starts[i]], func(a, b mark) int {
			switch {
			case a.time != b.time:
				return cmp.Compare(a.time, b.time)
			case a.part != b.part:
				return cmp.Compare(a.part, b.part)
			}
			return cmp.Compare(a.row, b.row)
		})
	}
}

// count returns in how many rows of a table each key stands.
func (l *loadedLog) count(t rowstore.Table) map[string]int {
	rows := map[string]int{}
	for _, p := range l.parts {
		if p.table != t {
			continue
		}
		for i := range p.lists {
			list := &p.lists[i]
			for k, key := range list.keys {
				if !list.again[k] {
					rows[key] += list.rows
				}
			}
		}
	}
	valid := map[string]int{}
	for k, n := range rows { // the keys outlive the log
		valid[strings.ToValidUTF8(strings.Clone(k), "\uFFFD")] += n
	}
	return valid
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

// sealSorted writes a file for each day of the rows of a table. Stragglers of many days share one file, so that wrong clocks
// do not make thousands.
func (s *Store) sealSorted(p *shop, t rowstore.Table, l *loadedLog) (files []sealedFile, err error) {
	marks, rows := l.marks[t], l.count(t)
	keys, columns := slices.Sorted(maps.Keys(rows)), ownColumns(rows, len(marks))
	lay := l.layout(t, columns)
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
		f, err := s.writeMarked(p, sealedFile{Table: t, Day: day, Schema: schemaVersion, Keys: keys, Promoted: promoted(columns)}, lay, part, l)
		if err != nil {
			return files, err
		}
		files = append(files, f)
	}
	if len(rest) > 0 {
		f, err := s.writeMarked(p, sealedFile{Table: t, Day: mixedDay, Schema: schemaVersion, Keys: keys, Promoted: promoted(columns)}, lay, rest, l)
		if err != nil {
			return files, err
		}
		files = append(files, f)
	}
	return files, nil
}
