package lean_test

import (
	"crypto/sha256"
	"debug/elf"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/signalbox/signalbox/internal/hostagent/lean"
)

// relocated is filled in before main where the binary is position-independent, and written here anyway.
var relocated = map[string]*int{"a": new(int)}

// TestTrimLosesNothing trims the test's own process again and again while it works, and compares what it says of itself with
// the file.
func TestTrimLosesNothing(t *testing.T) {
	sum := func() [32]byte {
		b, err := os.ReadFile("/proc/self/exe")
		require.NoError(t, err)
		return sha256.Sum256(b)
	}
	before := sum()
	*relocated["a"] = 42
	f, err := os.Open("/proc/self/exe")
	require.NoError(t, err)
	require.NoError(t, f.Sync()) // it was linked a moment ago
	require.NoError(t, f.Close())
	n, err := lean.Trim()
	require.NoError(t, err)
	require.Positive(t, n)
	for range 50 {
		_, err := lean.Trim()
		require.NoError(t, err)
		require.Equal(t, 42, *relocated["a"])
		require.Equal(t, "A,B", strings.ToUpper(strings.Join([]string{"a", "b"}, ",")))
	}
	require.Equal(t, before, sum())
}

// TestTheChoiceIsNotWritable holds the choice against the binary's own program headers.
func TestTheChoiceIsNotWritable(t *testing.T) {
	var st unix.Stat_t
	require.NoError(t, unix.Stat("/proc/self/exe", &st))
	f, err := elf.Open("/proc/self/exe")
	require.NoError(t, err)
	defer f.Close()
	if f.Type != elf.ET_EXEC {
		t.Skip("the test's binary has no fixed addresses")
	}
	smaps, err := os.Open("/proc/self/smaps")
	require.NoError(t, err)
	defer smaps.Close()
	regions, err := lean.Choose(smaps, lean.File{Device: device(st.Dev), Inode: st.Ino})
	require.NoError(t, err)
	for _, r := range regions {
		for _, p := range f.Progs {
			if p.Type == elf.PT_LOAD && p.Flags&elf.PF_W != 0 {
				require.False(t, r.Start < p.Vaddr+p.Memsz && p.Vaddr < r.End, "%x-%x overlaps what is written", r.Start, r.End)
			}
		}
	}
}

func device(dev uint64) string {
	const hex = "0123456789abcdef"
	two := func(n uint32) string { return string([]byte{hex[n>>4&15], hex[n&15]}) }
	return two(unix.Major(dev)) + ":" + two(unix.Minor(dev))
}
