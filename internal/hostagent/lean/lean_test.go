package lean_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/hostagent/lean"
)

// mapping is one mapping in the kernel's words; lines change or follow those of a clean one.
func mapping(header string, lines ...string) string {
	text := header + `
Size:              58272 kB
KernelPageSize:        4 kB
Rss:               21100 kB
Pss:               21100 kB
Shared_Clean:          0 kB
Shared_Dirty:          0 kB
Private_Clean:     21100 kB
Private_Dirty:         0 kB
Referenced:        21100 kB
Anonymous:             0 kB
Swap:                  0 kB
SwapPss:               0 kB
Locked:                0 kB
THPeligible:           0
`
	for _, l := range lines {
		key, _, _ := strings.Cut(l, ":")
		at := strings.Index(text, "\n"+key+":") + 1
		end := at + strings.IndexByte(text[at:], '\n')
		text = text[:at] + l + text[end:]
	}
	return text + "VmFlags: rd mr mw me sd\n"
}

func TestOnlyWhatTheFileHoldsIsChosen(t *testing.T) {
	self := lean.File{Device: "fe:00", Inode: 11007121}
	const path = "                           /usr/local/bin/signalbox"
	good := []string{
		mapping("00400000-00a99000 r--p 00000000 fe:00 11007121" + path),
		mapping("00a99000-053b5000 r-xp 00699000 fe:00 11007121" + path),
		mapping("053b5000-08c9d000 r--p 04fb5000 fe:00 11007121" + path + " (deleted)"),
	}
	got, err := lean.Choose(strings.NewReader(strings.Join(good, "")), self)
	require.NoError(t, err)
	require.Equal(t, []lean.Region{{0x400000, 0xa99000}, {0xa99000, 0x53b5000}, {0x53b5000, 0x8c9d000}}, got)

	for what, bad := range map[string]string{
		"relocated at the start, then closed":  mapping("08c9d000-08d1c000 r--p 0889d000 fe:00 11007121"+path, "Private_Dirty:       304 kB", "Anonymous:         304 kB"),
		"a breakpoint in it":                   mapping("00a99000-053b5000 r-xp 00699000 fe:00 11007121"+path, "Anonymous:           4 kB"),
		"written and swapped out":              mapping("08c9d000-08d1c000 r--p 0889d000 fe:00 11007121"+path, "Swap:                304 kB"),
		"not yet on the disk":                  mapping("00a99000-053b5000 r-xp 00699000 fe:00 11007121"+path, "Private_Dirty:     21100 kB"),
		"data":                                 mapping("08d1c000-08f10000 rw-p 0891c000 fe:00 11007121" + path),
		"writable and executable":              mapping("08d1c000-08f10000 rwxp 0891c000 fe:00 11007121" + path),
		"shared":                               mapping("08d1c000-08f10000 r--s 0891c000 fe:00 11007121" + path),
		"closed":                               mapping("08d1c000-08f10000 ---p 0891c000 fe:00 11007121" + path),
		"another file":                         mapping("7f592f244000-7f592f39a000 r-xp 00026000 fe:00 326269 /usr/lib/x86_64-linux-gnu/libc.so.6"),
		"another file of this name":            mapping("00a99000-053b5000 r-xp 00699000 fe:01 11007121" + path),
		"the heap":                             mapping("c000000000-c001000000 rw-p 00000000 00:00 0"),
		"the kernel's":                         mapping("7ffd5b3f2000-7ffd5b3f4000 r-xp 00000000 00:00 0                          [vdso]"),
		"locked":                               mapping("00a99000-053b5000 r-xp 00699000 fe:00 11007121"+path, "Locked:            21100 kB"),
		"nothing in memory":                    mapping("00a99000-053b5000 r-xp 00699000 fe:00 11007121"+path, "Rss:                   0 kB"),
		"a kernel that does not say Anonymous": strings.ReplaceAll(mapping("00a99000-053b5000 r-xp 00699000 fe:00 11007121"+path), "Anonymous:", "Anon:"),
		"an unknown unit":                      mapping("00a99000-053b5000 r-xp 00699000 fe:00 11007121"+path, "Anonymous:             0"),
	} {
		got, err := lean.Choose(strings.NewReader(good[0]+bad+good[2]), self)
		require.NoError(t, err, what)
		require.Equal(t, []lean.Region{{0x400000, 0xa99000}, {0x53b5000, 0x8c9d000}}, got, what)
	}
	got, err = lean.Choose(strings.NewReader(good[0]), lean.File{Device: "00:00"})
	require.NoError(t, err)
	require.Empty(t, got)
	for _, malformed := range []string{"what is this\n", "zz-00a99000 r--p 00000000 fe:00 1\n", "00400000-00a99000 r--p 00000000 fe:00 one\n"} {
		_, err := lean.Choose(strings.NewReader(malformed), self)
		require.ErrorContains(t, err, "a mapping begins with")
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- lean.Run(ctx, time.Second, time.Minute) }()
		time.Sleep(3 * time.Minute)
		cancel()
		require.NoError(t, <-done)
	})
}
