package strict_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

func TestQuantity(t *testing.T) {
	for _, c := range []struct {
		text     string
		value    float64
		notation strict.Notation
	}{
		{"0", 0, strict.Plain}, {"20", 20, strict.Plain}, {"-3.5", -3.5, strict.Plain}, {".5", 0.5, strict.Plain}, {"1e3", 1000, strict.Plain},
		{"3%", 0.03, strict.Percent}, {"99.9%", 0.999, strict.Percent}, {"99.99 %", 0.9999, strict.Percent}, {"0.1%", 0.001, strict.Percent}, {"-5%", -0.05, strict.Percent},
		{"2s", 2, strict.Span}, {"500ms", 0.5, strict.Span}, {"1.5h", 5400, strict.Span}, {"1h30m", 5400, strict.Span}, {"250us", 0.00025, strict.Span}, {"1d", 86400, strict.Span},
		{"5MB", 5e6, strict.Bytes}, {"5MiB", 5 << 20, strict.Bytes}, {"1kB", 1000, strict.Bytes}, {"1KB", 1000, strict.Bytes}, {"10B", 10, strict.Bytes}, {"0.5GiB", 1 << 29, strict.Bytes},
	} {
		v, n, err := strict.Quantity(c.text)
		require.NoError(t, err, c.text)
		require.InEpsilon(t, c.value+1e6, v+1e6, 1e-15, c.text)
		if c.notation == strict.Percent {
			require.Equal(t, c.value, v, "a percentage is the float64 nearest to the share")
		}
		require.Equal(t, c.notation, n, c.text)
	}
	for _, bad := range []string{"", "x", "3 %%", "5Mb", "1,000", "0x10", "NaN", "Inf", "+Inf", "1e999", "3%s", "--1", "1 2", "5M"} {
		_, _, err := strict.Quantity(bad)
		require.Error(t, err, bad)
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"0s": 0, "0": 0, "15s": 15 * time.Second, "1h30m": 90 * time.Minute, "25mo": 775 * 24 * time.Hour, "2w": 14 * 24 * time.Hour} {
		d, err := strict.Duration(text)
		require.NoError(t, err, text)
		require.Equal(t, want, d, text)
	}
	for _, bad := range []string{"", "60", "1.5h", "1 m", "-1m", "m"} {
		_, err := strict.Duration(bad)
		require.Error(t, err, bad)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"min_count", "missing", "recover", "red", "yellow", "not_breaching", "breaching"}
	for word, want := range map[string]string{"minCount": "min_count", "yelow": "yellow", "rde": "red", "notBreaching": "not_breaching", "mising": "missing", "colour": "", "blue": "", "": ""} {
		require.Equal(t, want, strict.Nearest(word, words), word)
	}
}

// Places count in characters of the file, across documents, byte order marks and Windows line ends.
func TestPlaces(t *testing.T) {
	docs, findings := strict.Parse("f", []byte("\ufeff# x\r\n---\r\nä: {ö: 'ü', b: [1,\r\n  2]}\r\n--- # next\r\nc: |\r\n  x\r\n...\r\nd: 1\r\n"))
	require.Empty(t, findings)
	require.Len(t, docs, 3)
	at := func(v *strict.Value) [2]int { return [2]int{v.Line, v.Column} }
	m := docs[0].Get("ä")
	require.Equal(t, [2]int{3, 4}, at(m))
	require.Equal(t, [2]int{3, 8}, at(m.Get("ö")))
	require.Equal(t, [2]int{4, 3}, at(m.Get("b").Items[1]))
	require.Equal(t, "ä.b[1]", m.Get("b").Items[1].Path)
	require.Equal(t, "x\n", docs[1].Get("c").Text)
	require.Equal(t, [2]int{6, 1}, at(docs[1].Key("c")))
	require.Equal(t, 9, docs[2].Line)
}

// What would cost the parser minutes or its stack is refused before it sees it.
func TestBounds(t *testing.T) {
	for name, src := range map[string]string{
		"flow":      "a: " + strings.Repeat("[", 100_000),
		"flowlines": strings.Repeat("[\n", 100_000),
		"maps":      "a: " + strings.Repeat("{a: ", 100_000),
		"lists":     strings.Repeat("- ", 30_000),
		"line":      "a: " + strings.Repeat("x", strict.MaxLine),
		"document":  strings.Repeat("a: x\n", strict.MaxDocument/4),
		"file":      strings.Repeat("# xxxx\n", strict.MaxFile/6),
		"utf8":      "a: \xff",
		"control":   "a: \x01",
	} {
		began := spent()
		docs, findings := strict.Parse("f", []byte(src))
		require.Empty(t, docs, name)
		require.Len(t, findings, 1, name)
		require.Less(t, spent()-began, 5*time.Second, name)
	}
}

// spent is the processor time of this process so far: unlike the clock it does not run while others have the machine.
func spent() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
