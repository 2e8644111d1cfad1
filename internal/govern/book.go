package govern

import (
	"context"
	"database/sql"
	"embed"
	_ "embed" // govern.sql
	"encoding/json"
	"errors"
	"fmt"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/statestore"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed govern.sql
var governSQL string

// book reads and writes the room's tables. It decides nothing.
type book struct{ sql map[string]string }

func newBook() book { return book{statestore.Statements(governSQL)} }

// querier is a transaction or the handle for reading.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// filed is a proposal as it is kept: of its Proposal the fields that are derived for an asker are empty.
type filed struct {
	Proposal
	waits    bool // applied as an emergency and not approved yet
	testDays int
	ballots  []ballot
}

// ballot is a vote with the roles that the voter had for the change when they voted.
type ballot struct {
	Vote
	roles    []string
	signedIn int64 // Unix ms of the voter's personal sign-in
	agent    bool
}

// open reports whether the proposal may still become law, or stop being it.
func (f *filed) open() bool {
	return policy.State(f.State).Open() || f.waits
}

// refs are the policies that the proposal touches.
func (f *filed) refs() []policy.Ref {
	out := make([]policy.Ref, len(f.Changes))
	for i, c := range f.Changes {
		out[i] = c.ref()
	}
	return out
}

func (c Change) ref() policy.Ref { return policy.Ref{Kind: policy.Kind(c.Kind), Name: c.Name} }

func pack(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("govern: " + err.Error()) // only our own plain types come here
	}
	return string(b)
}

func unpack(s string, v any) error {
	if s == "" {
		return nil
	}
	return json.Unmarshal([]byte(s), v)
}

func scanRevision(row interface{ Scan(...any) error }) (r Revision, err error) {
	var author, editors, approvers string
	err = row.Scan(&r.Kind, &r.Name, &r.Number, &r.Hash, &r.Text, &r.Removed, &author, &editors, &approvers, &r.Reason, &r.Proposal,
		&r.Emergency, &r.AppliedAt, &r.EffectiveFrom, &r.Source)
	return r, errors.Join(err, unpack(author, &r.Author), unpack(editors, &r.Editors), unpack(approvers, &r.Approvers))
}

func collect[T any](rows *sql.Rows, err error, what string, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	out := []T{}
	for rows.Next() {
		x, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", what, err)
		}
		out = append(out, x)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return out, nil
}

func (b book) newest(ctx context.Context, q querier) ([]Revision, error) {
	rows, err := q.QueryContext(ctx, b.sql["newest revisions"])
	return collect(rows, err, "revisions", func(r *sql.Rows) (Revision, error) { return scanRevision(r) })
}

func (b book) revisions(ctx context.Context, q querier, ref policy.Ref) ([]Revision, error) {
	rows, err := q.QueryContext(ctx, b.sql["revisions"], string(ref.Kind), ref.Name)
	return collect(rows, err, "revisions", func(r *sql.Rows) (Revision, error) { return scanRevision(r) })
}

func (b book) putRevision(ctx context.Context, tx *sql.Tx, r Revision) error {
	_, err := tx.ExecContext(ctx, b.sql["put revision"], r.Kind, r.Name, r.Number, r.Hash, r.Text, r.Removed, pack(r.Author), pack(r.Editors),
		pack(r.Approvers), r.Reason, r.Proposal, r.Emergency, r.AppliedAt, r.EffectiveFrom, r.Source)
	if err != nil {
		return fmt.Errorf("write revision %d of %s/%s: %w", r.Number, r.Kind, r.Name, err)
	}
	return nil
}

func scanProposal(row interface{ Scan(...any) error }) (*filed, error) {
	f := &filed{}
	var author, editors string
	err := row.Scan(&f.ID, &f.Title, &f.Reason, &f.State, &f.Emergency, &f.waits, &f.Origin, &author, &editors, &f.CreatedAt, &f.UpdatedAt,
		&f.ExpiresAt, &f.EffectiveFrom, &f.AppliedAt, &f.Hash, &f.Why, &f.RevertOf, &f.testDays)
	if err != nil {
		return nil, err
	}
	return f, errors.Join(unpack(author, &f.Author), unpack(editors, &f.Editors))
}

// proposal reads one proposal with everything that hangs on it.
func (b book) proposal(ctx context.Context, q querier, id int64) (*filed, error) {
	f, err := scanProposal(q.QueryRowContext(ctx, b.sql["proposal"], id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "there is no proposal %d", id)
	}
	if err != nil {
		return nil, fmt.Errorf("read proposal %d: %w", id, err)
	}
	return f, b.attach(ctx, q, f)
}

// proposals reads the newest proposals of a state ("open" for all that may still move, "" for all) down to limit, without
// what hangs on them: see attach.
func (b book) proposals(ctx context.Context, q querier, state string, limit int) ([]*filed, error) {
	rows, err := q.QueryContext(ctx, b.sql["proposals"], state, state, state, limit)
	return collect(rows, err, "proposals", func(r *sql.Rows) (*filed, error) { return scanProposal(r) })
}

// attach reads changes, votes, discussion, feedback and evidence of a proposal.
func (b book) attach(ctx context.Context, q querier, f *filed) error {
	rows, err := q.QueryContext(ctx, b.sql["changes"], f.ID)
	f.Changes, err = collect(rows, err, "changes", func(r *sql.Rows) (c Change, err error) {
		return c, r.Scan(&c.Kind, &c.Name, &c.Title, &c.Action, &c.Base, &c.BaseHash, &c.Before, &c.After, &c.Hash)
	})
	if err != nil {
		return err
	}
	rows, err = q.QueryContext(ctx, b.sql["votes"], f.ID)
	f.ballots, err = collect(rows, err, "votes", func(r *sql.Rows) (v ballot, err error) {
		var who, roles string
		err = r.Scan(&who, &roles, &v.At, &v.Verdict, &v.Comment, &v.Hash, &v.signedIn, &v.agent)
		return v, errors.Join(err, unpack(who, &v.Who), unpack(roles, &v.roles))
	})
	if err != nil {
		return err
	}
	rows, err = q.QueryContext(ctx, b.sql["discussion"], f.ID)
	f.Discussion, err = collect(rows, err, "discussion", func(r *sql.Rows) (c Comment, err error) {
		var who string
		err = r.Scan(&c.ID, &who, &c.At, &c.Kind, &c.Text)
		return c, errors.Join(err, unpack(who, &c.Who))
	})
	if err != nil {
		return err
	}
	rows, err = q.QueryContext(ctx, b.sql["feedback of proposal"], f.ID)
	if f.Feedback, err = collect(rows, err, "feedback", func(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }); err != nil {
		return err
	}
	f.Proposal.Evidence, err = b.evidence(ctx, q, f.ID)
	return err
}

// evidence returns the newest back-test of a proposal, nil if there is none.
func (b book) evidence(ctx context.Context, q querier, id int64) (*Evidence, error) {
	e := &Evidence{}
	var who, results string
	err := q.QueryRowContext(ctx, b.sql["evidence"], id).Scan(&e.ID, &e.Hash, &e.State, &e.Error, &e.Progress, &e.From, &e.To, &e.At, &who, &e.Sentence, &results)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read evidence of proposal %d: %w", id, err)
	}
	e.Results = json.RawMessage(results)
	return e, unpack(who, &e.By)
}

func (b book) putEvidence(ctx context.Context, tx *sql.Tx, proposal int64, e *Evidence) error {
	_, err := tx.ExecContext(ctx, b.sql["put evidence"], e.ID, proposal, proposal, e.Hash, e.State, e.Error, e.Progress, e.From, e.To, e.At, pack(e.By), e.Sentence, string(e.Results))
	if err != nil {
		return fmt.Errorf("write evidence of proposal %d: %w", proposal, err)
	}
	return nil
}

func (b book) nextProposal(ctx context.Context, q querier) (id int64, err error) {
	if err := q.QueryRowContext(ctx, b.sql["next proposal"]).Scan(&id); err != nil {
		return 0, fmt.Errorf("number a proposal: %w", err)
	}
	return id, nil
}

// putProposal writes the proposal itself; changes, votes and words have their own statements.
func (b book) putProposal(ctx context.Context, tx *sql.Tx, f *filed) error {
	_, err := tx.ExecContext(ctx, b.sql["put proposal"], f.ID, f.Title, f.Reason, f.State, f.Emergency, f.waits, f.Origin, pack(f.Author), pack(f.Editors),
		f.CreatedAt, f.UpdatedAt, f.ExpiresAt, f.EffectiveFrom, f.AppliedAt, f.Hash, f.Why, f.RevertOf, f.testDays)
	if err != nil {
		return fmt.Errorf("write proposal %d: %w", f.ID, err)
	}
	return nil
}

func (b book) putChanges(ctx context.Context, tx *sql.Tx, f *filed) error {
	if _, err := tx.ExecContext(ctx, b.sql["drop changes"], f.ID); err != nil {
		return fmt.Errorf("write changes of proposal %d: %w", f.ID, err)
	}
	put, err := tx.PrepareContext(ctx, b.sql["put change"])
	if err != nil {
		return fmt.Errorf("write changes of proposal %d: %w", f.ID, err)
	}
	defer func() { _ = put.Close() }()
	for i, c := range f.Changes {
		if _, err := put.ExecContext(ctx, f.ID, i, c.Kind, c.Name, c.Title, c.Action, c.Base, c.BaseHash, c.Before, c.After, c.Hash); err != nil {
			return fmt.Errorf("write changes of proposal %d: %w", f.ID, err)
		}
	}
	return nil
}

func (b book) putVote(ctx context.Context, tx *sql.Tx, id int64, v ballot) error {
	_, err := tx.ExecContext(ctx, b.sql["put vote"], id, id, pack(v.Who), pack(v.roles), v.At, v.Verdict, v.Comment, v.Hash, v.signedIn, v.agent)
	if err != nil {
		return fmt.Errorf("write vote on proposal %d: %w", id, err)
	}
	return nil
}

func (b book) putWord(ctx context.Context, tx *sql.Tx, id int64, who Who, at int64, kind, text string) error {
	if _, err := tx.ExecContext(ctx, b.sql["put word"], id, id, pack(who), at, kind, text); err != nil {
		return fmt.Errorf("write discussion of proposal %d: %w", id, err)
	}
	return nil
}

// openChanges returns which open proposals touch which policy.
func (b book) openChanges(ctx context.Context, q querier) (map[policy.Ref][]int64, error) {
	type pair struct {
		ref policy.Ref
		id  int64
	}
	rows, err := q.QueryContext(ctx, b.sql["open changes"])
	pairs, err := collect(rows, err, "open proposals", func(r *sql.Rows) (p pair, err error) { return p, r.Scan(&p.ref.Kind, &p.ref.Name, &p.id) })
	out := map[policy.Ref][]int64{}
	for _, p := range pairs {
		out[p.ref] = append(out[p.ref], p.id)
	}
	return out, err
}

// waiting returns the emergency changes that nobody has approved yet.
func (b book) waiting(ctx context.Context, q querier) (map[int64]bool, error) {
	rows, err := q.QueryContext(ctx, b.sql["waiting"])
	out := map[int64]bool{}
	_, err = collect(rows, err, "emergency changes", func(r *sql.Rows) (id int64, err error) {
		err = r.Scan(&id)
		out[id] = true
		return id, err
	})
	return out, err
}

func scanFeedback(row interface{ Scan(...any) error }) (f Feedback, err error) {
	var who string
	err = row.Scan(&f.ID, &f.KPI, &who, &f.At, &f.Relevant, &f.Accurate, &f.Comment, &f.State, &f.Proposal, &f.Answer)
	return f, errors.Join(err, unpack(who, &f.Who))
}

func (b book) feedback(ctx context.Context, q querier, kpi string) ([]Feedback, error) {
	rows, err := q.QueryContext(ctx, b.sql["feedback"], kpi, kpi)
	return collect(rows, err, "feedback", func(r *sql.Rows) (Feedback, error) { return scanFeedback(r) })
}

func (b book) oneFeedback(ctx context.Context, q querier, id int64) (Feedback, error) {
	f, err := scanFeedback(q.QueryRowContext(ctx, b.sql["one feedback"], id))
	if errors.Is(err, sql.ErrNoRows) {
		return f, fault.New(fault.NotFound, "there is no feedback %d", id)
	}
	return f, err
}

func (b book) openFeedback(ctx context.Context, q querier) (map[string]int, error) {
	rows, err := q.QueryContext(ctx, b.sql["open feedback"])
	out := map[string]int{}
	_, err = collect(rows, err, "feedback", func(r *sql.Rows) (struct{}, error) {
		var kpi string
		var n int
		err := r.Scan(&kpi, &n)
		out[kpi] = n
		return struct{}{}, err
	})
	return out, err
}

func (b book) putFeedback(ctx context.Context, tx *sql.Tx, f Feedback) error {
	_, err := tx.ExecContext(ctx, b.sql["put feedback"], f.ID, f.KPI, pack(f.Who), f.At, f.Relevant, f.Accurate, f.Comment, f.State, f.Proposal, f.Answer)
	if err != nil {
		return fmt.Errorf("write feedback %d: %w", f.ID, err)
	}
	return nil
}

// feedbackFollows sets the state of the feedback that a proposal answers; to is the proposal it stays linked to, 0 to free it.
func (b book) feedbackFollows(ctx context.Context, tx *sql.Tx, proposal int64, state string, to int64) error {
	if _, err := tx.ExecContext(ctx, b.sql["feedback follows"], state, to, proposal); err != nil {
		return fmt.Errorf("write feedback of proposal %d: %w", proposal, err)
	}
	return nil
}

// reviewed is the newest review of a policy.
type reviewed struct {
	At       int64
	Revision int
	Who      Who
	Note     string
}

func (b book) reviews(ctx context.Context, q querier) (map[policy.Ref]reviewed, error) {
	rows, err := q.QueryContext(ctx, b.sql["newest reviews"])
	out := map[policy.Ref]reviewed{}
	_, err = collect(rows, err, "reviews", func(r *sql.Rows) (struct{}, error) {
		var ref policy.Ref
		var v reviewed
		var who string
		err := r.Scan(&ref.Kind, &ref.Name, &v.At, &v.Revision, &who, &v.Note)
		err = errors.Join(err, unpack(who, &v.Who))
		out[ref] = v
		return struct{}{}, err
	})
	return out, err
}

func (b book) putReview(ctx context.Context, tx *sql.Tx, ref policy.Ref, v reviewed) error {
	if _, err := tx.ExecContext(ctx, b.sql["put review"], string(ref.Kind), ref.Name, v.At, v.Revision, pack(v.Who), v.Note); err != nil {
		return fmt.Errorf("write review of %s: %w", ref, err)
	}
	return nil
}

// memory is what a policy's file read when it was last seen.
type memory struct {
	File   string
	Hash   string
	Text   string
	Behind bool
}

func (b book) files(ctx context.Context, q querier) (map[policy.Ref]memory, error) {
	rows, err := q.QueryContext(ctx, b.sql["files"])
	out := map[policy.Ref]memory{}
	_, err = collect(rows, err, "files", func(r *sql.Rows) (struct{}, error) {
		var ref policy.Ref
		var m memory
		err := r.Scan(&ref.Kind, &ref.Name, &m.File, &m.Hash, &m.Text, &m.Behind)
		out[ref] = m
		return struct{}{}, err
	})
	return out, err
}

func (b book) putFile(ctx context.Context, tx *sql.Tx, ref policy.Ref, m memory) error {
	if _, err := tx.ExecContext(ctx, b.sql["put file"], string(ref.Kind), ref.Name, m.File, m.Hash, m.Text, m.Behind); err != nil {
		return fmt.Errorf("remember %s in %s: %w", ref, m.File, err)
	}
	return nil
}

func (b book) dropFile(ctx context.Context, tx *sql.Tx, ref policy.Ref) error {
	if _, err := tx.ExecContext(ctx, b.sql["drop file"], string(ref.Kind), ref.Name); err != nil {
		return fmt.Errorf("forget the file of %s: %w", ref, err)
	}
	return nil
}
