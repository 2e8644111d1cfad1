package privacy_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/privacy"
)

// old is a certificate as it was written before it named places.
const old = `{"request":2,"kind":"erase","by":{"id":"admin","kind":"start"},"asked_at":1795261857000,"ended_at":1795261857000,"rows":{"events":1,"logs":0,"spans":0},` +
	`"interrupted":1,"files":1,"bytes":0,"from":1792322417000,"to":1795173288000,"searched":["the user, session and business id of each row"],"keys":[1,2],"keys_destroyed":[3],"others":1,"left":[],"digest":""}`

func TestAnOldCertificateIsReadAndStillHolds(t *testing.T) {
	var c privacy.Certificate
	require.NoError(t, json.Unmarshal([]byte(old), &c))
	again, err := json.Marshal(c)
	require.NoError(t, err)
	require.Equal(t, old, string(again), "its digest is over this text")
	text := c.Text()
	for _, want := range []string{
		"1 row of events", "0 rows of logs", "They lay in 1 file, written anew or deleted.", "began again 1 time;", "from 1 other place\n", "pseudonyms of 2 keys; 1 key had been destroyed before", "No export had left",
	} {
		require.Contains(t, text, want)
	}
}
