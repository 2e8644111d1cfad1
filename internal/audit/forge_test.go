package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"testing"
)

// Rehash gives the hashes that the records from a number on ought to have, as somebody would compute who changed one.
func Rehash(ctx context.Context, db *sql.DB, from, upTo int64, put func(seq int64, prev, hash string)) error {
	s := store{db, statements(auditSQL)}
	var rows []stored
	if err := s.pages(ctx, upTo, func(r stored) error { rows = append(rows, r); return nil }); err != nil {
		return err
	}
	for i, r := range rows {
		prev := r.prev
		if i > 0 {
			prev = rows[i-1].hash
		}
		if r.seq < from {
			continue
		}
		p, _ := parseSum(prev)
		rows[i].hash = link(p, r.body).String()
		put(r.seq, prev, rows[i].hash)
	}
	return nil
}

// WriteChain writes an exported file of n records, one digest for each perDigest, without a store.
func WriteChain(w io.Writer, n, perDigest int64) (ed25519.PublicKey, error) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	s := newSigner(private)
	start := int64(1_700_000_000_000) / hour * hour
	at := func(i int64) int64 { return start + (i-1)*hour/perDigest }
	x, err := newWriter(w, header{Version: 1, Complete: true, ExportedAt: at(n), Keys: []Key{{Fingerprint: s.fingerprint, PublicKey: fmt.Sprintf("%x", []byte(s.public()))}}}, s)
	if err != nil {
		return nil, err
	}
	var prev sum
	var last Digest
	var body []byte
	last.To = start
	for i := int64(1); i <= n; i++ {
		r := Record{Seq: i, At: at(i), Actor: Actor{ID: "01JD7Y3M6C5W8K2Q4T9ZB1XN0A", Name: "Ana Analyst", Kind: "person"}, Action: "approve", Object: Object{Kind: "KPI", Name: "efile-error-rate"},
			Outcome: Done, Before: strings.Repeat("ab", 32), After: strings.Repeat("cd", 32), Reason: "agreed after the back-test of 30 days", Source: "10.1.2.3", Request: fmt.Sprintf("req-%016x", i)}
		body = r.encode(body[:0])
		hash := link(prev, body)
		if err := x.record(prev.String(), hash.String(), body); err != nil {
			return nil, err
		}
		prev = hash
		if i%perDigest == 0 {
			d := Digest{Number: last.Number + 1, From: last.To, To: last.To + hour, At: last.To + hour, FirstSeq: last.LastSeq + 1, LastSeq: i, Count: i - last.LastSeq,
				Head: hash.String(), Previous: last.Hash, PreviousSignature: last.Signature, Key: s.fingerprint}
			b := d.encode()
			h := sum(sha256.Sum256(b))
			d.Hash, d.Signature = h.String(), s.sign(digestMessage(&d, h))
			if err := x.digest(storedDigest{body: b, signature: d.Signature}); err != nil {
				return nil, err
			}
			last = d
		}
	}
	return s.public(), x.close(at(n))
}

// The filters walk an index; a range of time alone is bounded by its own.
func TestFindUsesIndexes(t *testing.T) {
	db := testDB(t)
	for _, c := range []struct {
		f     Filter
		index []string
	}{
		{Filter{}, []string{"INTEGER PRIMARY KEY"}},
		{Filter{Before: 7}, []string{"INTEGER PRIMARY KEY (rowid>? AND rowid<?)|INTEGER PRIMARY KEY (rowid<?)"}},
		{Filter{Actor: "ana"}, []string{"audit_record_by_actor_id (actor_id=?", "audit_record_by_actor_name (actor_name=?"}},
		{Filter{Actor: "ana", From: 1, To: 2, Before: 9}, []string{"audit_record_by_actor_id (actor_id=?", "audit_record_by_actor_name (actor_name=?"}},
		{Filter{Action: "approve"}, []string{"audit_record_by_action (action=?"}},
		{Filter{ObjectKind: "KPI"}, []string{"audit_record_by_object_kind (object_kind=?"}},
		{Filter{ObjectName: "x"}, []string{"audit_record_by_object_name (object_name=?"}},
		{Filter{ObjectKind: "KPI", ObjectName: "x"}, []string{"audit_record_by_object_"}},
		{Filter{Outcome: Denied}, []string{"audit_record_by_outcome (outcome=?"}},
		{Filter{From: 1, To: 2}, []string{"audit_record_by_time (at>? AND at<?)"}},
		{Filter{From: 1}, []string{"audit_record_by_time (at>?)"}},
	} {
		query, args := c.f.query(statements(auditSQL)["find"])
		rows, err := db.Query("EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		_ = rows.Close()
		text := strings.Join(plan, "\n")
		for _, want := range c.index {
			some := false
			for _, w := range strings.Split(want, "|") {
				some = some || strings.Contains(text, w)
			}
			if !some {
				t.Errorf("%+v: want %s in\n%s", c.f, want, text)
			}
		}
		if c.f != (Filter{}) && strings.Contains(text, "SCAN audit_record\n") {
			t.Errorf("%+v scans:\n%s", c.f, text)
		}
		t.Logf("%+v\n%s", c.f, text)
	}
}

func testDB(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+t.TempDir()+"/state.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b, err := migrations.ReadFile("migrations/0001_audit.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(b)); err != nil {
		t.Fatal(err)
	}
	return db
}

// A record's number and time are read without decoding it, whatever its texts and details say.
func TestNumberAndTimeOfABody(t *testing.T) {
	r := Record{Seq: 123, At: 456, Actor: Actor{ID: `,"at":1`, Name: `","seq":9,"`}, Action: "x", Outcome: Done, Before: `,"at":2`, Reason: `,"seq":5,`, Source: `,"seq":77`,
		Detail: map[string]string{"a": "1", "seq": "9", "at": "3", `x,"seq":1`: "4"}}
	body := r.encode(nil)
	if seq, ok := seqOf(body); !ok || seq != 123 {
		t.Errorf("seq %d %v of %s", seq, ok, body)
	}
	if at, ok := timeOf(body); !ok || at != 456 {
		t.Errorf("at %d %v of %s", at, ok, body)
	}
	for _, bad := range []string{"", `,"seq":`, `,"seq":x}`, `,"seq":"1"`, `,"seq":12`, `,"seq":1234567890123456789}`} {
		if n, ok := seqOf([]byte(bad)); ok {
			t.Errorf("%s: %d", bad, n)
		}
	}
}

// ForgeLine changes the reason in an exported record line and hashes the line again.
func ForgeLine(line []byte) []byte {
	prev, _, body, _ := splitRecord(line)
	body = bytes.Replace(body, []byte("agreed"), []byte("argued"), 1)
	hash := link(prev, body)
	return []byte(recordHead + hash.String() + recordMiddle + prev.String() + recordBody + string(body) + recordTail)
}
