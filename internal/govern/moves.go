package govern

import (
	"github.com/signalbox/signalbox/internal/fault"
)

// move returns the state that an event leads to.
func move(state, event string) (string, error) {
	open := state == "draft" || state == "tested" || state == "approved" || state == "scheduled"
	switch {
	case event == "edit" && open, event == "rebase" && (open || state == "failed"):
		return "draft", nil
	case event == "test" && open:
		if state == "draft" {
			return "tested", nil
		}
		return state, nil
	case event == "approve" && (state == "draft" || state == "tested"):
		return "approved", nil
	case event == "reject" && open, event == "cancel" && open:
		return "rejected", nil
	case event == "apply" && (state == "approved" || state == "scheduled"):
		return "applied", nil
	case event == "expire" && open:
		return "expired", nil
	}
	return "", fault.New(fault.Conflict, "a proposal that is %s cannot be moved by %s", state, event)
}
