package privacy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Left is an export that had left the house when an erasure ended. To is where it went.
type Left struct {
	Name string `json:"name"`
	At   int64  `json:"at" doc:"Unix ms"`
	To   string `json:"to"`
	Rows int64  `json:"rows"`
}

// Forgot is a place besides the row store and how many of the person's pseudonyms it knew and removed.
type Forgot struct {
	Place string `json:"place"`
	Known int    `json:"known"`
}

// Certificate says what an erasure removed, or an export handed out. It holds neither the person's id nor a pseudonym. Times are Unix ms.
type Certificate struct {
	Request       int64            `json:"request"`
	Kind          string           `json:"kind" enum:"erase,export"`
	By            audit.Actor      `json:"by"`
	AskedAt       int64            `json:"asked_at"`
	EndedAt       int64            `json:"ended_at"`
	Rows          map[string]int64 `json:"rows" doc:"Rows removed or handed out, by table"`
	Interrupted   int              `json:"interrupted" doc:"How often the erasure broke off and began again; rows removed before that are not in the counts"`
	Files         int              `json:"files" doc:"Files that held the rows: all were deleted, after what else they held was written anew"`
	Whole         int              `json:"files_whole,omitempty" doc:"Of these, files that held nothing else"`
	Bytes         int64            `json:"bytes" doc:"Size of the deleted files; in certificates of before 2026-11-22 by how much files shrank"`
	From          int64            `json:"from" doc:"Time of the oldest row removed; 0 if there was none"`
	To            int64            `json:"to"`
	Searched      []string         `json:"searched" doc:"What was looked for"`
	Keys          []int64          `json:"keys" doc:"Keys by which pseudonyms were looked for"`
	KeysDestroyed []int64          `json:"keys_destroyed" doc:"Keys that had been destroyed before: what they served is expired or anonymous"`
	Others        int              `json:"others" doc:"How many places besides the row store were asked to forget the pseudonyms"`
	Forgot        []Forgot         `json:"forgot,omitempty" doc:"These places, and what they knew"`
	Left          []Left           `json:"left" doc:"Exports that had left the house before and were not reached"`
	Digest        string           `json:"digest" doc:"SHA-256 of this certificate as canonical JSON with an empty digest"`
}

// certify writes the certificate of an erasure.
func (p *Privacy) certify(r Request, subject string, e rowstore.Erased, forgot []Forgot, left []Left, keys []Key) (*Certificate, error) {
	c := &Certificate{Request: r.ID, Kind: r.Kind, By: r.By, Interrupted: r.runs, AskedAt: r.CreatedAt, EndedAt: p.o.Now().UnixMilli(), Rows: map[string]int64{}, Files: e.Files, Whole: e.Whole, Bytes: e.Bytes,
		From: e.From / 1000, To: e.To / 1000, Keys: []int64{}, KeysDestroyed: []int64{}, Others: len(forgot), Forgot: forgot, Left: append([]Left{}, left...),
		Searched: []string{"the user, session and business id of each row", "pseudonyms in texts and attributes"}}
	if len(subject) >= shortestSearch {
		c.Searched = append(c.Searched, "the id itself in texts and attributes")
	} else {
		c.Searched = append(c.Searched, fmt.Sprintf("the id itself was too short to be told from other text (under %d bytes) and was not looked for in texts", shortestSearch))
	}
	for _, t := range rowstore.Tables() {
		c.Rows[t.String()] = e.Rows[t]
	}
	for _, k := range keys {
		if k.DestroyedAt == 0 {
			c.Keys = append(c.Keys, k.ID)
		} else {
			c.KeysDestroyed = append(c.KeysDestroyed, k.ID)
		}
	}
	var err error
	c.Digest, err = c.digest()
	return c, err
}

func (c Certificate) digest() (string, error) {
	c.Digest = ""
	text, err := json.Marshal(c) // fields in their order, maps by key
	if err != nil {
		return "", fmt.Errorf("privacy: certificate %d: %w", c.Request, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Verify says whether the certificate is as it was written.
func (c Certificate) Verify() bool {
	d, err := c.digest()
	return err == nil && d == c.Digest
}
