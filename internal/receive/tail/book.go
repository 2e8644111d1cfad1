package tail

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// mark says how far a file was read.
type mark struct {
	ID     identity `json:"id"`
	Path   string   `json:"path"`
	Offset int64    `json:"offset"`
	Size   int64    `json:"size"`
	Print  print    `json:"print"`
	At     int64    `json:"at"` // Unix ms, when it was last changed

	met bool // since the start
}

// book keeps the marks in one file, which is replaced whole.
type book struct {
	name    string
	marks   map[identity]mark
	changed bool
}

// unseen is how long the mark of a file that is not there is kept, and mostMarks how many.
const (
	unseen    = 7 * 24 * time.Hour
	mostMarks = 20_000
	largest   = 32 << 20 // bytes of the book
)

func openBook(name string) (*book, error) {
	b := &book{name: name, marks: map[identity]mark{}}
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err == nil && info.Size() > largest {
		err = fmt.Errorf("it has %d bytes", info.Size())
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(name)
	}
	var marks []mark
	if err == nil {
		err = json.Unmarshal(text, &marks)
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "how far log files were read (%s) cannot be read: %w", name, err).
			Hint("Put the file aside; log files are then read from their beginning")
	}
	for _, m := range marks {
		if time.Since(time.UnixMilli(m.At)) < unseen {
			b.marks[m.ID] = m
		}
	}
	return b, nil
}

// find returns the mark of a file: by its identity, or by its name where the file system counts anew; whether it is the same
// file its first bytes say.
func (b *book) find(id identity, path string) (mark, bool) {
	if m, ok := b.marks[id]; ok {
		return m, true
	}
	for _, m := range b.marks {
		if m.Path == path && !m.met && m.Print.N >= 64 {
			return m, true
		}
	}
	return mark{}, false
}

// unmet returns the marks of files that were not met since the start.
func (b *book) unmet() (out []mark) {
	for _, m := range b.marks {
		if !m.met {
			out = append(out, m)
		}
	}
	return out
}

func (b *book) meet(id identity) {
	if m, ok := b.marks[id]; ok {
		m.met = true
		b.marks[id] = m
	}
}

func (b *book) put(m mark) {
	m.met = true
	if len(b.marks) < mostMarks || b.marks[m.ID].Path != "" {
		b.marks[m.ID] = m
	}
	b.changed = true
}

func (b *book) forget(id identity) {
	delete(b.marks, id)
	b.changed = true
}

// save replaces the file; what it says is on the disk before the name is.
func (b *book) save() error {
	if !b.changed {
		return nil
	}
	marks := make([]mark, 0, len(b.marks))
	for _, m := range b.marks {
		marks = append(marks, m)
	}
	text, err := json.Marshal(marks)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(b.name), filepath.Base(b.name)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), b.name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	b.changed = false
	return nil
}
