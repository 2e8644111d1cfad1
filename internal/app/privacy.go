package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/privacy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// openPrivacy opens the room that takes personal data out of rows and answers the requests of data subjects.
func (h *house) openPrivacy(ctx context.Context, cfg *Config) (err error) {
	h.privacy, err = privacy.New(ctx, privacy.Options{
		DB: h.state, Audit: h.audit, KeyDir: cfg.PrivacyKeys, Now: time.Now, Logger: h.log.With("room", "privacy"), Registerer: h.reg,
		Policies: func() []*policy.Privacy {
			if p := h.private.Load(); p != nil {
				return *p
			}
			return nil
		},
		Keep:  func() time.Duration { return longestKept(h.keepRows()) },
		Erase: h.rows.Erase, Scan: h.rows.Scan, Left: h.left,
		Others: []privacy.Other{{Place: "the standing numbers of usage", Forget: h.usage.Forget}},
	})
	return err
}

// protect has the privacy room go by the Privacy policies of a law.
func (h *house) protect(law []policy.Document) error {
	var all []*policy.Privacy
	for i := range law {
		if law[i].Privacy != nil {
			all = append(all, law[i].Privacy)
		}
	}
	h.private.Store(&all)
	return h.privacy.Reload(context.Background())
}

// longestKept is how long the rows that live longest are kept; 0 is for ever.
func longestKept(k rowstore.Keep) time.Duration {
	all := slices.Collect(maps.Values(k.Tables))
	for _, c := range k.Classes {
		all = append(all, c.Keep)
	}
	if slices.Contains(all, 0) {
		return 0
	}
	return slices.Max(all)
}
