// Package lean keeps a small program of a large binary small. The binary holds a whole server; what its start and the libraries
// of the server touched of it once stays mapped and counts as resident, though the program never needs it again. Trim takes
// the file's own pages out of the process. What is still needed comes back by page faults.
//
// Only memory whose content is the file is let go: private mappings of the running binary that nobody can write to and in
// which no page was ever written. Anything else would lose what stands there.
package lean

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// Region is a part of the address space.
type Region struct{ Start, End uint64 }

// File names a file as the kernel does in a list of mappings.
type File struct {
	Device string // "fe:00": major and minor number, hexadecimal
	Inode  uint64
}

// Choose reads a list of mappings in the format of /proc/PID/smaps and returns those that hold nothing but what the file
// holds: mapped from it, private, readable and not writable, with no page of their own in memory or swapped out, and not
// locked. What a mapping does not say clearly leaves it out.
func Choose(smaps io.Reader, file File) ([]Region, error) {
	var out []Region
	var region Region
	mine := false
	found := map[string]bool{}
	take := func() {
		if mine && found["Rss"] && found["Anonymous"] && found["Private_Dirty"] && found["Shared_Dirty"] && found["Swap"] && found["Locked"] {
			out = append(out, region)
		}
	}
	s := bufio.NewScanner(smaps)
	s.Buffer(nil, 64<<10) // a path is at most 4 kB
	for s.Scan() {
		key, rest, ok := strings.Cut(s.Text(), ":")
		if ok && !strings.ContainsAny(key, " -") {
			fields := strings.Fields(rest)
			switch key {
			case "Rss":
				found[key] = len(fields) == 2 && fields[0] != "0" // else there is nothing to let go
			case "Anonymous", "Private_Dirty", "Shared_Dirty", "Swap", "Locked":
				found[key] = len(fields) == 2 && fields[0] == "0"
			}
			continue
		}
		take()
		clear(found)
		var err error
		if region, mine, err = header(s.Text(), file); err != nil {
			return nil, err
		}
	}
	take()
	return out, s.Err()
}

// header reads the first line of a mapping, "start-end perms offset device inode path".
func header(line string, file File) (r Region, mine bool, err error) {
	f := strings.Fields(line)
	if len(f) < 5 {
		return r, false, fmt.Errorf("a mapping begins with %q", line)
	}
	start, end, _ := strings.Cut(f[0], "-")
	if r.Start, err = strconv.ParseUint(start, 16, 64); err != nil {
		return r, false, fmt.Errorf("a mapping begins with %q: %w", line, err)
	}
	if r.End, err = strconv.ParseUint(end, 16, 64); err != nil {
		return r, false, fmt.Errorf("a mapping begins with %q: %w", line, err)
	}
	inode, err := strconv.ParseUint(f[4], 10, 64)
	if err != nil {
		return r, false, fmt.Errorf("a mapping begins with %q: %w", line, err)
	}
	return r, (f[1] == "r--p" || f[1] == "r-xp") && f[3] == file.Device && inode == file.Inode && file.Inode != 0 && r.Start < r.End, nil
}

// Run gives memory back soon after the start and then, each time after twice as long but not less often than every so often, until
// the context ends: free memory of the heap, and what Trim lets go. It ends early, saying why, where the process cannot be trimmed.
func Run(ctx context.Context, soon, every time.Duration) error {
	t := time.NewTimer(soon)
	defer t.Stop()
	uncached := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		debug.FreeOSMemory()
		n, err := Trim()
		if err == nil && n > 0 && !uncached {
			if uncached = true; uncache() == nil {
				_, err = Trim() // what was in use meanwhile came back in large pieces
			}
		}
		if err != nil {
			return err
		}
		t.Reset(soon)
		soon = min(2*soon, every)
	}
}
