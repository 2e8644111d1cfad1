package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy/carry"
)

// readAll reads files, each up to a byte more than is imported, so that a huge one is refused and not loaded.
func readAll(paths []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, path := range paths {
		if _, twice := out[path]; twice {
			return nil, usage("%s stands twice", path)
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, fault.New(fault.NotFound, "%s cannot be read: %w", path, err)
		}
		b, err := io.ReadAll(io.LimitReader(f, carry.MaxFile+1))
		f.Close()
		if err != nil {
			return nil, fault.New(fault.Invalid, "%s cannot be read: %w", path, err)
		}
		out[path] = b
	}
	return out, nil
}

// writeDocuments writes each document to a file of its own. It looks for files in the way before it writes the first.
func writeDocuments(dir string, docs []carry.Document) ([]string, error) {
	var paths []string
	for _, d := range docs {
		name := d.Name + ".yaml"
		if d.Kind != "KPI" {
			name = strings.ToLower(d.Kind) + "-" + name
		}
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.Conflict, "%s exists, and nothing is overwritten", path).Hint("Move it away, or name another folder with --out")
		}
		paths = append(paths, path)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for i, d := range docs {
		if err := writeNew(paths[i], d.Text); err != nil {
			return paths[:i], err
		}
	}
	return paths, nil
}

func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
