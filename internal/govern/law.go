package govern

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/policy"
)

// demand is what the Approval policies in force ask of a proposal.
type demand struct {
	Approvals   int
	Roles       []string
	Users       []string
	Evidence    bool
	Fresh       time.Duration
	Regulated   bool
	AllowAuthor bool
	SignIn      time.Duration
	Expires     time.Duration
	NoEmergency bool
	Emergency   []string
	Grace       time.Duration // how long an emergency change stands without approval
	Policies    []string
}

// demandOf asks the Approval policies in force, never those that the proposal would bring: a change of an Approval passes
// under the old one.
func (g *Govern) demandOf(ws []wish, f *force) demand {
	d := demand{Expires: defaultExpires, Grace: defaultEmergency, SignIn: defaultSignIn}
	for _, a := range policy.Approvals(f.docs) {
		d.Approvals = max(d.Approvals, a.Approvals)
		d.Policies = append(d.Policies, a.Name)
		d.Roles = a.Roles
		d.Evidence = d.Evidence || a.Evidence
		d.Regulated = d.Regulated || a.Regulated
	}
	return d
}

func diffOf(before, after string) []DiffLine { return []DiffLine{} }
func sentencesOf(w wish) []string            { return []string{} }
func describe(d *policy.Document) string     { return d.Title }

func replaceIn(src []byte, ref policy.Ref, text string) ([]byte, error) {
	docs, _ := policy.Read("", src, policy.Limits{})
	for _, d := range docs {
		if d.Ref() == ref {
			return []byte(strings.Replace(string(src), d.Text, text, 1)), nil
		}
	}
	return nil, os.ErrNotExist
}
func appendTo(src []byte, text string) ([]byte, error) {
	return []byte(string(src) + "---\n" + text), nil
}
func removeFrom(src []byte, ref policy.Ref) ([]byte, error) { return replaceIn(src, ref, "") }

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
