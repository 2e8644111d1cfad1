package govern

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// wish is a change with the documents behind it.
type wish struct {
	Change
	old *law             // what is in force now; nil for nothing
	new *policy.Document // nil for a removal
	by  asker            // whose change it is where that is not the proposal's author: files of a first load
}

// wishFor is the change that makes d, or its absence, law.
func (g *Govern) wishFor(ref policy.Ref, d *policy.Document, f *force) wish {
	l := f.laws[ref]
	w := wish{old: l, new: d, Change: Change{Kind: string(ref.Kind), Name: ref.Name, Title: l.title(), Base: l.number(), BaseHash: l.hash(), Before: g.textOf(ref, l)}}
	switch {
	case d == nil:
		w.Action = "remove"
	case l.hash() == "":
		w.Action, w.Title, w.Hash, w.After = "create", d.Title, d.Hash, d.Text
	default:
		w.Action, w.Title, w.Hash, w.After = "change", d.Title, d.Hash, d.Text
	}
	return w
}

// wishes reads the documents of a draft against what is in force. Documents that change nothing are left out and counted in
// same. Findings of a draft with several texts carry the text's number as their file.
func (g *Govern) wishes(texts []Text, f *force) (out []wish, same []policy.Ref, findings []policy.Finding) {
	seen := map[policy.Ref]bool{}
	say := func(file, format string, args ...any) {
		findings = append(findings, policy.Finding{File: file, Severity: strict.Error, Message: fmt.Sprintf(format, args...)})
	}
	limits := g.o.Limits()
	for i, t := range texts {
		file := ""
		if len(texts) > 1 {
			file = fmt.Sprintf("document %d", i+1)
		}
		if t.Remove != "" {
			ref, err := policy.ParseRef(t.Remove)
			switch {
			case t.Text != "":
				say(file, "text and remove stand together; want one of them")
			case err != nil:
				say(file, "remove: %v", err)
			case f.laws[ref].hash() == "":
				say(file, "remove: there is no policy %s", ref)
			case seen[ref]:
				say(file, "%s stands twice", ref)
			default:
				seen[ref] = true
				out = append(out, g.wishFor(ref, nil, f))
			}
			continue
		}
		docs, fs := policy.Read(file, []byte(t.Text), limits)
		findings = append(findings, fs...)
		if len(docs) == 0 && len(fs) == 0 {
			say(file, "there is no policy document in the text; it begins with kind:")
		}
		for j := range docs {
			d := &docs[j]
			if !d.Good() {
				continue
			}
			ref := d.Ref()
			if seen[ref] {
				say(file, "%s stands twice", ref)
				continue
			}
			seen[ref] = true
			if f.laws[ref].hash() == d.Hash {
				same = append(same, ref)
				continue
			}
			out = append(out, g.wishFor(ref, d, f))
		}
	}
	return out, same, append(findings, g.against(out, f)...)
}

// against checks what would be in force, and keeps what the present documents do not say already.
func (g *Govern) against(ws []wish, f *force) []policy.Finding {
	if len(ws) == 0 {
		return nil
	}
	touched := map[policy.Ref]bool{}
	for _, w := range ws {
		touched[w.ref()] = true
	}
	docs := make([]policy.Document, 0, len(f.docs)+len(ws))
	for _, d := range f.docs {
		if !touched[d.Ref()] {
			docs = append(docs, d)
		}
	}
	for _, w := range ws {
		if w.new != nil {
			docs = append(docs, *w.new)
		}
	}
	var out []policy.Finding
	for _, x := range g.cross(docs) {
		if !f.said[x] {
			out = append(out, x)
		}
	}
	return out
}

func (l *law) title() string {
	if l == nil {
		return ""
	}
	if l.doc.Title != "" {
		return l.doc.Title
	}
	return l.rev.Name
}

// textOf is the text of what is in force: as its file reads where that means the same, so that comments survive.
func (g *Govern) textOf(ref policy.Ref, l *law) string {
	if l.hash() == "" {
		return ""
	}
	if m, ok := (*g.files.Load())[ref]; ok && m.Hash == l.rev.Hash && m.Text != "" {
		return m.Text
	}
	return l.rev.Text
}

// again reads the changes of a kept proposal once more, against what is in force now.
func (g *Govern) again(changes []Change, f *force) ([]wish, []policy.Finding) {
	limits := g.o.Limits()
	out := make([]wish, 0, len(changes))
	var findings []policy.Finding
	for _, c := range changes {
		w := wish{Change: c, old: f.laws[c.ref()]}
		if c.Action != "remove" {
			file := ""
			if len(changes) > 1 {
				file = c.ref().String()
			}
			docs, fs := policy.Read(file, []byte(c.After), limits)
			findings = append(findings, fs...)
			if len(docs) != 1 || !docs[0].Good() {
				continue
			}
			w.new = &docs[0]
		}
		out = append(out, w)
	}
	return out, append(findings, g.against(out, f)...)
}

// scope are the labels that a change touches: those of before and those of after.
func (w *wish) scope() []labels.Labels {
	var out []labels.Labels
	if w.old != nil && !w.old.rev.Removed {
		out = append(out, w.old.labels)
	}
	if w.new != nil {
		out = append(out, scopeLabels(w.new))
	}
	return out
}

func scopes(ws []wish) []labels.Labels {
	var out []labels.Labels
	for i := range ws {
		out = append(out, ws[i].scope()...)
	}
	return out
}

// failed returns the error of a draft with mistakes, nil without.
func failed(findings []policy.Finding) error {
	n, first := 0, ""
	for _, f := range findings {
		if f.Severity == strict.Error {
			if n == 0 {
				first = f.String()
			}
			n++
		}
	}
	switch n {
	case 0:
		return nil
	case 1:
		return fault.New(fault.Invalid, "%s", first)
	}
	return fault.New(fault.Invalid, "%s (and %d more)", first, n-1)
}

// proposalHash is what approvals and evidence are for: every text to the byte, every base, why, and when it shall hold.
func proposalHash(changes []Change, reason string, effective int64) string {
	h := sha256.New()
	for _, c := range changes {
		fmt.Fprintf(h, "%s/%s %s %d %s %s %d\n%s\n", c.Kind, c.Name, c.Action, c.Base, c.BaseHash, c.Hash, len(c.After), c.After)
	}
	fmt.Fprintf(h, "effective %d %s", effective, reason)
	return hex.EncodeToString(h.Sum(nil))
}

// titleOf makes a title for a draft without one.
func titleOf(title string, ws []wish) string {
	if title = strings.TrimSpace(title); title != "" {
		return title
	}
	verb := map[string]string{"create": "New", "change": "Change", "remove": "Remove"}
	head := fmt.Sprintf("%s %s %s", verb[ws[0].Action], ws[0].Kind, ws[0].Name)
	if len(ws) > 1 {
		head += fmt.Sprintf(" and %d more", len(ws)-1)
	}
	return head
}
