package receive

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// eventClock places a sender's times on ours.
//
// A sender that says when it sent the request gets Segment's correction, because people's clocks are off by hours: the time
// is received - (sent - time), so that only the distance between event and sending is believed. The way here is then part of
// the time, and an event that claims to be younger than its sending happened when it was received. Without a time of sending
// the event's own time is believed; without either it happened when it was received.
type eventClock struct {
	received int64 // Unix microseconds
	sent     int64 // 0: not stated
}

func (c eventClock) place(at int64) int64 {
	switch {
	case at == 0:
		return c.received
	case c.sent == 0:
		return at
	default:
		return c.received - max(0, c.sent-at)
	}
}

const wantTime = "want a time as in RFC 3339 (2026-11-21T10:00:00Z) or Unix milliseconds"

// parseTime reads a JSON string or number as Unix microseconds; 0 for nothing. It returns why it could not.
func parseTime(raw json.RawMessage) (int64, string) {
	s := strings.TrimSpace(string(raw))
	if s == "" || s == "null" || s == `""` {
		return 0, ""
	}
	if s[0] != '"' {
		ms, err := strconv.ParseFloat(s, 64)
		// Beyond these a time is no date of ours; the gate says which dates it takes.
		if err != nil || math.IsNaN(ms) || ms <= 0 || ms > 253402300799999 {
			return 0, "is " + clipped(s) + ": " + wantTime
		}
		return int64(math.Round(ms * 1000)), ""
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return 0, wantTime
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			if t.Year() < 1970 || t.Year() > 9999 || t.UnixMicro() <= 0 {
				break
			}
			return t.UnixMicro(), ""
		}
	}
	return 0, "is " + strconv.Quote(clipped(text)) + ": " + wantTime
}
