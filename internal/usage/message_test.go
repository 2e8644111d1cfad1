package usage

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMessagesOfOneErrorAreOne(t *testing.T) {
	for message, want := range map[string]string{
		`dial tcp 10.0.3.7:5432: connect: connection refused`:           `dial tcp #: connect: connection refused`,
		`user "ann@irs.example" not found`:                              `user "…" not found`,
		`can't open '/tmp/x' after 30s`:                                 `can't open '…' after #`,
		`filing 7f3c2a10-91bd-4c3e-a5f0-0123456789ab refused`:           `filing # refused`,
		`span 4bf92f3577b34da6 of node-17 gone at 2026-11-21T10:22:50Z`: `span # of node-# gone at #`,
		"x509: certificate has expired\ngoroutine 1 [running]":          `x#: certificate has expired`,
		`took 1.52 ms, 3,000 rows, 99.5%`:                               `took # ms, # rows, #%`,
		`worker12 died`:                                                 `worker# died`,
		`deadbeef is only a word, 0xdeadbeef1 is not`:                   `deadbeef is only a word, # is not`,
		`Überlauf bei Zeile 12`:                                         `Überlauf bei Zeile #`,
		``:                                                              ``,
	} {
		require.Equal(t, want, normal(message))
	}
}

func FuzzNormalMessages(f *testing.F) {
	f.Add(`dial tcp 10.0.3.7:5432 "x"`)
	f.Fuzz(func(t *testing.T, message string) {
		got := normal(message)
		require.LessOrEqual(t, len(got), 5*longestMessage)
	})
}
