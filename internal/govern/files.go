package govern

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// oweFiles notes in an Apply's transaction which files have to be brought to the new law, and returns the memory of files as
// it will be. Files are written after the commit: a file that cannot be written is behind, never a reason to refuse.
func (g *Govern) oweFiles(ctx context.Context, tx *sql.Tx, d deed, changed map[policy.Ref]*law) (map[policy.Ref]memory, error) {
	files := maps.Clone(*g.files.Load())
	for ref, m := range d.learn {
		if err := g.remember(ctx, tx, files, ref, m); err != nil {
			return nil, err
		}
	}
	for ref, l := range changed {
		m, had := files[ref]
		switch {
		case had && m.Hash == l.hash():
			m.Behind = false
		case had && m.File != "":
			m.Behind = true
		case !l.rev.Removed && g.o.NewFile != nil && g.o.NewFile(ref) != "":
			m = memory{File: g.o.NewFile(ref), Behind: true}
		default:
			continue
		}
		if err := g.remember(ctx, tx, files, ref, m); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// remember keeps what is known of a file, or forgets it when there is nothing to know.
func (g *Govern) remember(ctx context.Context, tx *sql.Tx, files map[policy.Ref]memory, ref policy.Ref, m memory) error {
	if files[ref] == m {
		return nil
	}
	if m == (memory{}) || m.Hash == "" && !m.Behind && g.force.Load().laws[ref].hash() == "" {
		delete(files, ref)
		return g.book.dropFile(ctx, tx, ref)
	}
	files[ref] = m
	return g.book.putFile(ctx, tx, ref, m)
}

// writeFiles pays what is owed to files. The caller holds the turn.
func (g *Govern) writeFiles(ctx context.Context) {
	cur, files := g.force.Load(), maps.Clone(*g.files.Load())
	paid := map[policy.Ref]memory{}
	for ref, m := range files {
		if !m.Behind {
			continue
		}
		now, err := g.writeFile(ref, m, cur.laws[ref])
		if err != nil {
			g.metrics.behind.Inc()
			g.o.Logger.Warn("a policy file is behind what is in force", "file", m.File, "policy", ref.String(), "err", err)
		}
		if now != m {
			paid[ref] = now
		}
	}
	if len(paid) == 0 {
		return
	}
	err := g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		for ref, m := range paid {
			if err := g.remember(ctx, tx, files, ref, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		// The next look at the files finds them equal to what is in force.
		g.o.Logger.Warn("what was written to policy files could not be remembered", "err", err)
		return
	}
	g.files.Store(&files)
}

// errTouched says that somebody else changed the file in between: what they wrote will be a proposal.
var errTouched = errors.New("the file was changed by somebody else meanwhile; what it says now becomes a proposal")

// writeFile brings one document of a file to what is in force and returns what is known of it then.
func (g *Govern) writeFile(ref policy.Ref, m memory, l *law) (memory, error) {
	src, err := g.o.ReadFile(m.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	docs, findings := policy.Read(m.File, src, g.o.Limits())
	i := slices.IndexFunc(docs, func(d policy.Document) bool { return d.Ref() == ref })
	var out []byte
	switch {
	case i >= 0 && docs[i].Hash == l.hash():
		return memory{File: m.File, Hash: docs[i].Hash, Text: docs[i].Text}, nil
	case i >= 0 && docs[i].Hash != m.Hash:
		m.Behind = false
		return m, errTouched
	case i >= 0 && l.hash() == "":
		out, err = policy.Remove(src, ref)
	case i >= 0:
		out, err = policy.Replace(src, ref, l.rev.Text)
	case l.hash() == "":
		return memory{}, nil
	case m.Hash != "":
		m.Behind = false
		return m, errTouched
	case strict.Failed(findings):
		return m, errors.New("the file cannot be read: " + findings[0].String())
	default: // also where there is no such file yet
		out, err = policy.Append(src, ref, l.rev.Text)
	}
	if err != nil {
		return m, err
	}
	if err := g.o.WriteFile(m.File, out); err != nil {
		return m, err
	}
	if l.hash() == "" {
		return memory{}, nil
	}
	now := memory{File: m.File, Hash: l.hash(), Text: l.rev.Text}
	docs, _ = policy.Read(m.File, out, g.o.Limits())
	if i := slices.IndexFunc(docs, func(d policy.Document) bool { return d.Ref() == ref }); i >= 0 {
		now.Text = docs[i].Text
	}
	return now, nil
}

// SyncFiles takes in what the files of the configuration say. A document that was changed since it was last seen, and
// differs from what is in force, becomes a proposal; so does one that is gone, if the files are complete. Documents with
// errors change nothing. The documents of the very first load are law at once.
func (g *Govern) SyncFiles(ctx context.Context, docs []policy.Document, complete bool) error {
	g.turn.Lock()
	defer g.turn.Unlock()
	cur := g.force.Load()
	if len(cur.laws) == 0 {
		return g.firstLoad(ctx, docs)
	}
	s := g.compare(docs, complete, cur)
	if err := g.settleFiles(ctx, s); err != nil {
		return err
	}
	err := g.fileProposals(ctx, s.wants)
	g.writeFiles(ctx)
	return err
}

// firstLoad makes the documents of a fresh directory law. An Approval among them governs later changes only: until now there
// was nobody to ask.
func (g *Govern) firstLoad(ctx context.Context, docs []policy.Document) error {
	f := &filed{Proposal: Proposal{Origin: "file", Author: fileAsker("files").Who, State: "approved"}}
	d := deed{f: f, by: fileAsker("files"), action: "apply", reason: "First load of the policy files", learn: map[policy.Ref]memory{}}
	cur := g.force.Load()
	for i := range docs {
		doc := &docs[i]
		if !doc.Good() || d.learn[doc.Ref()] != (memory{}) {
			continue
		}
		w := g.wishFor(doc.Ref(), doc, cur)
		w.by = fileAsker(doc.File)
		d.ws = append(d.ws, w)
		d.learn[doc.Ref()] = memory{File: doc.File, Hash: doc.Hash, Text: doc.Text}
	}
	if len(d.ws) == 0 {
		return nil
	}
	if err := g.enact(ctx, d); err != nil {
		return fmt.Errorf("first load of the policy files: %w", err)
	}
	return nil
}

// synced is what a look at the files found.
type synced struct {
	wants   []fileWish
	learn   map[policy.Ref]memory
	settled []policy.Ref // whose files say what is in force
}

// fileWish is what a file wants of one policy; doc is nil for a removal.
type fileWish struct {
	ref  policy.Ref
	path string
	doc  *policy.Document
}

func (g *Govern) compare(docs []policy.Document, complete bool, cur *force) synced {
	s := synced{learn: map[policy.Ref]memory{}}
	files, seen := *g.files.Load(), map[policy.Ref]bool{}
	for i := range docs {
		d := &docs[i]
		ref := d.Ref()
		if !d.Good() || seen[ref] {
			seen[ref] = true
			continue
		}
		seen[ref] = true
		m, had := files[ref]
		switch {
		case d.Hash == cur.laws[ref].hash():
			s.settled = append(s.settled, ref)
			s.learn[ref] = memory{File: d.File, Hash: d.Hash, Text: d.Text}
		case had && m.Hash == d.Hash:
			m.File = d.File
			s.learn[ref] = m
		case g.stillReads(ref, d.File, d.Hash):
			s.wants = append(s.wants, fileWish{ref, d.File, d})
		}
	}
	if !complete {
		return s
	}
	for ref, m := range files {
		if seen[ref] || m.Hash == "" || !g.stillReads(ref, m.File, "") {
			continue
		}
		if cur.laws[ref].hash() == "" {
			s.settled = append(s.settled, ref)
			s.learn[ref] = memory{}
			continue
		}
		s.wants = append(s.wants, fileWish{ref: ref, path: m.File})
	}
	slices.SortFunc(s.wants, func(a, b fileWish) int { return a.ref.Compare(b.ref) })
	return s
}

// stillReads reports whether the file says now what it said when it was read, hash empty for nothing: between that and our
// turn it may have been rewritten by ourselves, after a change in the page.
func (g *Govern) stillReads(ref policy.Ref, path, hash string) bool {
	src, err := g.o.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return hash == ""
	}
	if err != nil {
		return false
	}
	docs, _ := policy.Read(path, src, g.o.Limits())
	i := slices.IndexFunc(docs, func(d policy.Document) bool { return d.Ref() == ref })
	if i < 0 {
		return hash == ""
	}
	return docs[i].Hash == hash
}

// settleFiles keeps what was learned, and ends or trims the proposals of files that say again what is in force.
func (g *Govern) settleFiles(ctx context.Context, s synced) error {
	files := maps.Clone(*g.files.Load())
	err := g.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		for ref, m := range s.learn {
			if err := g.remember(ctx, tx, files, ref, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember policy files: %w", err)
	}
	g.files.Store(&files)
	if len(s.settled) == 0 {
		return nil
	}
	open, err := g.book.openChanges(ctx, g.o.DB.SQL())
	if err != nil {
		return err
	}
	todo := map[int64]bool{}
	for _, ref := range s.settled {
		for _, id := range open[ref] {
			todo[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(todo)) {
		f, err := g.book.proposal(ctx, g.o.DB.SQL(), id)
		if err != nil {
			return err
		}
		if f.Origin != "file" || f.waits {
			continue
		}
		left := slices.DeleteFunc(slices.Clone(f.Changes), func(c Change) bool { return slices.Contains(s.settled, c.ref()) })
		if err := g.trim(ctx, f, left, fmt.Sprintf("the file %s says again what is in force", f.Author.Name)); err != nil {
			return err
		}
	}
	return nil
}

// trim leaves some changes of a file's proposal; without any it is superseded.
func (g *Govern) trim(ctx context.Context, f *filed, left []Change, why string) error {
	a := asker{Who: f.Author, house: true}
	if len(left) == 0 {
		err := g.o.DB.Tx(ctx, func(tx *sql.Tx) error { return g.end(ctx, tx, a, f, "superseded", "supersede", why, g.now()) })
		if err != nil {
			return fmt.Errorf("end proposal %d: %w", f.ID, err)
		}
		g.o.Changed(f.refs())
		return nil
	}
	ws, _ := g.again(left, g.force.Load())
	return g.edit(ctx, a, f, Draft{Title: f.Title, Reason: f.Reason, EffectiveFrom: f.EffectiveFrom}, ws, nil)
}

// fileProposals makes proposals of what files want. What nobody has to approve is one change of all files together, so that
// documents that lean on each other arrive together; the rest is one proposal a file.
func (g *Govern) fileProposals(ctx context.Context, wants []fileWish) error {
	if len(wants) == 0 {
		return nil
	}
	free, bound := g.part(wants)
	if cur := g.force.Load(); failed(g.against(g.wishesOf(free, cur), cur)) != nil {
		// They lean on something that has to be approved: all of it is one question.
		free, bound = nil, [][]fileWish{wants}
	}
	if len(free) > 0 {
		if err := g.fileProposal(ctx, free); err != nil {
			return err
		}
	}
	var errs []error
	for _, b := range bound {
		errs = append(errs, g.fileProposal(ctx, b))
	}
	return errors.Join(errs...)
}

func (g *Govern) wishesOf(wants []fileWish, cur *force) []wish {
	out := make([]wish, len(wants))
	for i, w := range wants {
		out[i] = g.wishFor(w.ref, w.doc, cur)
	}
	return out
}

// part sorts wishes into those that nobody has to approve and, by file, the others.
func (g *Govern) part(wants []fileWish) (free []fileWish, bound [][]fileWish) {
	cur, now := g.force.Load(), g.now()
	byPath := map[string][]fileWish{}
	for _, w := range wants {
		ws := g.wishesOf([]fileWish{w}, cur)
		f := &filed{Proposal: Proposal{Author: fileAsker(w.path).Who}}
		if g.stand(f, ws, now, false).Met {
			free = append(free, w)
		} else {
			byPath[w.path] = append(byPath[w.path], w)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		bound = append(bound, byPath[path])
	}
	return free, bound
}

// fileProposal makes or updates one proposal of files.
func (g *Govern) fileProposal(ctx context.Context, wants []fileWish) error {
	cur := g.force.Load()
	paths := []string{}
	learn := map[policy.Ref]memory{}
	for _, w := range wants {
		if !slices.Contains(paths, w.path) {
			paths = append(paths, w.path)
		}
		m := memory{File: w.path}
		if w.doc != nil {
			m.Hash, m.Text = w.doc.Hash, w.doc.Text
		}
		learn[w.ref] = m
	}
	a := fileAsker(paths[0])
	reason := "The file changed: " + paths[0]
	if len(paths) > 1 {
		reason = fmt.Sprintf("%d files changed: %s", len(paths), clip(strings.Join(paths, ", "), 3000))
	}
	ws := g.wishesOf(wants, cur)
	old, err := g.openOf(ctx, a)
	if err != nil {
		return err
	}
	if old != nil {
		kept := slices.DeleteFunc(slices.Clone(old.Changes), func(c Change) bool {
			_, again := learn[c.ref()]
			return again
		})
		more, _ := g.again(kept, cur)
		return g.edit(ctx, a, old, Draft{Title: old.Title, Reason: reason}, append(more, ws...), learn)
	}
	now := g.now()
	f := &filed{Proposal: Proposal{
		Title: titleOf("", ws), Reason: reason, State: "draft", Origin: "file", Author: a.Who, CreatedAt: now, UpdatedAt: now, Changes: changesOf(ws),
	}}
	f.Hash = proposalHash(f.Changes, f.Reason, 0)
	return g.admit(ctx, a, f, ws, learn, failed(g.against(ws, cur)) == nil)
}

// openOf returns the open proposal of a file, nil if there is none.
func (g *Govern) openOf(ctx context.Context, a asker) (*filed, error) {
	open, err := g.book.proposals(ctx, g.o.DB.SQL(), "open", 10000)
	if err != nil {
		return nil, err
	}
	for _, f := range open {
		if f.Origin == "file" && !f.waits && a.is(f.Author) {
			return f, g.book.attach(ctx, g.o.DB.SQL(), f)
		}
	}
	return nil, nil
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
