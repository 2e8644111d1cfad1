package govern_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A proposal is read in several statements; a write between two of them must not show, or a back-test is done before
// its proposal is tested.
func TestAProposalIsReadAsOneTransactionWroteIt(t *testing.T) {
	h := governed(t, twoPeople, backTests(nil))
	p := h.propose("> 2.5%")
	done := make(chan error)
	go func() {
		for i := range 300 {
			err := h.db.Tx(t.Context(), func(tx *sql.Tx) error {
				for _, table := range []string{"govern_proposal", "govern_change"} {
					if _, err := tx.Exec("UPDATE " + table + " SET title = '" + fmt.Sprint(i) + "'"); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	torn := 0
	for {
		select {
		case err := <-done:
			require.NoError(t, err)
			require.Zero(t, torn)
			return
		default:
		}
		one := h.get(p.ID)
		if one.Title != one.Changes[0].Title && one.Changes[0].Title != p.Changes[0].Title {
			torn++
		}
	}
}
