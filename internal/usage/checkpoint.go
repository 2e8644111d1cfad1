package usage

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	manifest = "manifest"
	format   = "signalbox usage 1"
)

var errNoCheckpoint = errors.New("there is no checkpoint")

// Checkpoint writes the parts that changed and then, in one step, the manifest that names them. A kill at any moment leaves
// the checkpoint before it or this one.
func (r *Room) Checkpoint(ctx context.Context) error {
	r.saving.Lock()
	defer r.saving.Unlock()
	if err := os.MkdirAll(r.opt.Dir, 0o700); err != nil {
		return fmt.Errorf("usage: make the folder: %w", err)
	}
	bodies, names := r.snapshot()
	r.generation++
	files := make(map[string]string, len(names))
	for _, name := range names {
		body, fresh := bodies[name]
		if !fresh {
			files[name] = r.files[name]
			continue
		}
		if err := ctx.Err(); err != nil {
			r.spoil()
			return err
		}
		files[name] = name + "." + strconv.FormatUint(r.generation, 10)
		if err := r.put(files[name], binary.LittleEndian.AppendUint32(body, crc32.ChecksumIEEE(body))); err != nil {
			r.spoil()
			return fmt.Errorf("usage: write part %s: %w", name, err)
		}
	}
	var list bytes.Buffer
	fmt.Fprintf(&list, "%s\n%d\n", format, r.generation)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&list, "%s %s\n", name, files[name])
	}
	fmt.Fprintf(&list, "end %08x\n", crc32.ChecksumIEEE(list.Bytes()))
	next := manifest + ".next"
	err := r.put(next, list.Bytes())
	if err == nil {
		err = os.Rename(filepath.Join(r.opt.Dir, next), filepath.Join(r.opt.Dir, manifest))
	}
	if err == nil {
		err = syncDir(r.opt.Dir)
	}
	if err != nil {
		r.spoil()
		return fmt.Errorf("usage: write the manifest: %w", err)
	}
	r.files = files
	return r.tidy()
}

// snapshot encodes the parts that changed and names all of them. Nothing is counted while it copies.
func (r *Room) snapshot() (bodies map[string][]byte, names []string) {
	bodies, names, seats := r.freeze()
	var e encoder
	writeSeats(&e, seats)
	bodies["live"] = e.b
	return bodies, names
}

// freeze encodes the parts that are small and copies the sessions, which are many.
func (r *Room) freeze() (bodies map[string][]byte, names []string, seats []seat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.tail {
		if k.received < r.clock-slack {
			delete(r.tail, k)
		}
	}
	bodies = map[string][]byte{}
	for name, p := range r.parts(r.all) {
		names = append(names, name)
		if p.write != nil && (p.dirty || r.files[name] == "") {
			var e encoder
			p.write(&e)
			bodies[name] = e.b
		}
	}
	r.clean()
	r.all = false
	return bodies, names, slices.Clone(r.state.live.list)
}

// spoil makes the next checkpoint write every part: what was to be written now is marked clean.
func (r *Room) spoil() {
	r.mu.Lock()
	r.all = true
	r.mu.Unlock()
}

func (r *Room) put(name string, body []byte) error {
	f, err := os.OpenFile(filepath.Join(r.opt.Dir, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// tidy unlinks files that the manifest does not name.
func (r *Room) tidy() error {
	entries, err := os.ReadDir(r.opt.Dir)
	if err != nil {
		return fmt.Errorf("usage: %w", err)
	}
	named := map[string]bool{manifest: true}
	for _, f := range r.files {
		named[f] = true
	}
	for _, e := range entries {
		if !named[e.Name()] && !e.IsDir() {
			if err := os.Remove(filepath.Join(r.opt.Dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("usage: remove an old part: %w", err)
			}
		}
	}
	return nil
}

// load reads the newest checkpoint.
func (r *Room) load() error {
	body, err := os.ReadFile(filepath.Join(r.opt.Dir, manifest))
	if errors.Is(err, fs.ErrNotExist) {
		return errNoCheckpoint
	}
	if err != nil {
		return err
	}
	text, sum, ok := bytes.Cut(body, []byte("\nend "))
	if want := fmt.Sprintf("%08x\n", crc32.ChecksumIEEE(append(text, '\n'))); !ok || string(sum) != want {
		return errors.New("the manifest is damaged")
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 0; lines.Scan(); n++ {
		switch {
		case n == 0 && lines.Text() != format:
			return fmt.Errorf("the manifest begins with %q; want %q", lines.Text(), format)
		case n == 1:
			if r.generation, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
				return err
			}
		case n > 1:
			name, file, _ := strings.Cut(lines.Text(), " ")
			r.files[name] = file
		}
	}
	names := slices.Collect(maps.Keys(r.files))
	readOrder(names)
	for _, name := range names {
		body, err := os.ReadFile(filepath.Join(r.opt.Dir, r.files[name]))
		if err != nil {
			return err
		}
		if n := len(body) - 4; n < 0 || crc32.ChecksumIEEE(body[:n]) != binary.LittleEndian.Uint32(body[n:]) {
			return fmt.Errorf("part %s is damaged", name)
		}
		if err := r.read(name, &decoder{b: body[:len(body)-4]}); err != nil {
			return err
		}
	}
	r.all = false
	return r.restored()
}
