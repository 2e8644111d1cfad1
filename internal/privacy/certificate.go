package privacy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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

// Certificate says what an erasure removed, or an export handed out. It holds neither the person's id nor a pseudonym. Times are Unix ms.
type Certificate struct {
	Request       int64            `json:"request"`
	Kind          string           `json:"kind" enum:"erase,export"`
	By            audit.Actor      `json:"by"`
	AskedAt       int64            `json:"asked_at"`
	EndedAt       int64            `json:"ended_at"`
	Rows          map[string]int64 `json:"rows" doc:"Rows removed or handed out, by table"`
	Interrupted   int              `json:"interrupted" doc:"How often the erasure broke off and began again; rows removed before that are not in the counts"`
	Files         int              `json:"files" doc:"Files rewritten or removed"`
	Bytes         int64            `json:"bytes"`
	From          int64            `json:"from" doc:"Time of the oldest row removed; 0 if there was none"`
	To            int64            `json:"to"`
	Searched      []string         `json:"searched" doc:"What was looked for"`
	Keys          []int64          `json:"keys" doc:"Keys by which pseudonyms were looked for"`
	KeysDestroyed []int64          `json:"keys_destroyed" doc:"Keys that had been destroyed before: what they served is expired or anonymous"`
	Others        int              `json:"others" doc:"Other places that forgot the pseudonyms"`
	Left          []Left           `json:"left" doc:"Exports that had left the house before and were not reached"`
	Digest        string           `json:"digest" doc:"SHA-256 of this certificate as canonical JSON with an empty digest"`
}

// certify writes the certificate of an erasure.
func (p *Privacy) certify(r Request, subject string, e rowstore.Erased, left []Left, keys []Key) (*Certificate, error) {
	c := &Certificate{Request: r.ID, Kind: r.Kind, By: r.By, Interrupted: r.runs, AskedAt: r.CreatedAt, EndedAt: p.o.Now().UnixMilli(), Rows: map[string]int64{}, Files: e.Files, Bytes: e.Bytes,
		From: e.From / 1000, To: e.To / 1000, Keys: []int64{}, KeysDestroyed: []int64{}, Others: len(p.o.Forget), Left: append([]Left{}, left...),
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

// Text returns the certificate for people.
func (c Certificate) Text() string {
	var b strings.Builder
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05 UTC") }
	if c.Kind == KindExport {
		fmt.Fprintf(&b, "Receipt of export %d\n\nAsked for %s by %s, ended %s.\n\nHanded out:\n", c.Request, at(c.AskedAt), c.By.ID, at(c.EndedAt))
		for _, t := range slices.Sorted(maps.Keys(c.Rows)) {
			fmt.Fprintf(&b, "  %d rows of %s\n", c.Rows[t], t)
		}
		fmt.Fprintf(&b, "\nSHA-256 %s\n", c.Digest)
		return b.String()
	}
	fmt.Fprintf(&b, "Certificate of erasure %d\n\nAsked for %s by %s, ended %s.\n\nRemoved:\n", c.Request, at(c.AskedAt), c.By.ID, at(c.EndedAt))
	for _, t := range slices.Sorted(maps.Keys(c.Rows)) {
		fmt.Fprintf(&b, "  %d rows of %s\n", c.Rows[t], t)
	}
	if c.From != 0 {
		fmt.Fprintf(&b, "  from %s to %s\n", at(c.From), at(c.To))
	}
	if c.Interrupted > 0 {
		fmt.Fprintf(&b, "  The erasure broke off and began again %d times; what was removed before that is not counted here.\n", c.Interrupted)
	}
	fmt.Fprintf(&b, "  %d files were rewritten or removed, %d bytes\n  %d other places forgot the pseudonyms\n\nLooked for:\n", c.Files, c.Bytes, c.Others)
	for _, s := range c.Searched {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	fmt.Fprintf(&b, "  pseudonyms of %d keys; %d keys had been destroyed before\n  the key that sealed the id for this request was destroyed with its end\n\n", len(c.Keys), len(c.KeysDestroyed))
	if len(c.Left) == 0 {
		b.WriteString("No export had left the house.\n")
	} else {
		b.WriteString("Exports that had left the house, which this does not reach:\n")
		for _, l := range c.Left {
			fmt.Fprintf(&b, "  %s, %s, to %s, %d rows\n", l.Name, at(l.At), l.To, l.Rows)
		}
	}
	fmt.Fprintf(&b, "\nSHA-256 %s\n", c.Digest)
	return b.String()
}
