package lean

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const running = "/proc/self/exe" // also after another file took its place on the disk

// Trim takes the pages of the running binary out of the process and returns how many bytes of the address space that was, of
// which most were not in memory. From then on a fault brings one page and not those around it.
func Trim() (int64, error) {
	regions, err := regions()
	if err != nil {
		return 0, fmt.Errorf("trim memory: %w", err)
	}
	n := int64(0)
	for _, r := range regions {
		for _, advice := range []uintptr{unix.MADV_RANDOM, unix.MADV_DONTNEED} {
			// No slice of the region is made: it is no memory of Go's.
			if _, _, no := unix.Syscall(unix.SYS_MADVISE, uintptr(r.Start), uintptr(r.End-r.Start), advice); no != 0 {
				return n, fmt.Errorf("trim memory: %w", no)
			}
		}
		n += int64(r.End - r.Start)
	}
	return n, nil
}

// regions are what Trim may let go.
func regions() ([]Region, error) {
	var st unix.Stat_t
	if err := unix.Stat(running, &st); err != nil {
		return nil, err
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return nil, err
	}
	out, err := Choose(smaps, File{Device: fmt.Sprintf("%02x:%02x", unix.Major(st.Dev), unix.Minor(st.Dev)), Inode: st.Ino})
	return out, errors.Join(err, smaps.Close())
}

// uncache tells the kernel that the binary's pages which no process has mapped will not be needed soon. They are in its cache
// in large pieces since the start, or since the file was copied, and a fault maps a whole piece; what is read again comes in
// single pages. A server that runs from the same file keeps what it uses.
func uncache() error {
	f, err := os.Open(running)
	if err != nil {
		return err
	}
	return errors.Join(unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED), f.Close())
}
