package govern

import (
	"os"
	"path/filepath"

	"github.com/signalbox/signalbox/internal/policy"
)

// move returns the state that an event leads to; a move that is not legal is a fault of kind conflict.
func move(state string, event policy.Event) (string, error) {
	to, err := policy.Next(policy.State(state), event)
	return string(to), err
}

// diffOf is the diff of a change as the page shows it.
func diffOf(before, after string) []DiffLine {
	lines := policy.Diff(before, after)
	out := make([]DiffLine, len(lines))
	for i, l := range lines {
		out[i] = DiffLine{Kind: string(l.Kind), OldLine: l.OldLine, NewLine: l.NewLine, Text: l.Text}
	}
	return out
}

// change is the change in the words of policy: its two documents.
func (w *wish) change() policy.Change {
	c := policy.Change{After: w.new}
	if w.old.inForce() {
		c.Before = &w.old.doc
	}
	return c
}

// judges reports whether a change can be back-tested.
func judges(w wish) bool { return w.change().Judges() }

// sentencesOf says a change in plain words. A document that cannot be read says nothing.
func sentencesOf(w wish) []string {
	if c := w.change(); c.Before != nil || c.After != nil {
		return c.Sentences()
	}
	return nil
}

// replaceFile writes a file beside the old one and puts it in its place, with the old one's mode.
func replaceFile(path string, text []byte) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	t, err := os.CreateTemp(filepath.Dir(path), ".signalbox-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(t.Name()) }() // gone after the rename
	_, err = t.Write(text)
	for _, step := range []func() error{func() error { return t.Chmod(mode) }, t.Sync, t.Close} {
		if serr := step(); err == nil {
			err = serr
		}
	}
	if err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}
