package sandbox

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// overhead is the memory that DuckDB, its libraries and Go need before a query begins.
const overhead = 256 << 20

// limit binds this process: memory it may write to, seconds of CPU, no bytes into files, no core. The kernel keeps to it
// whatever the program does.
func limit(j job) error {
	for what, n := range map[int]uint64{
		unix.RLIMIT_DATA:   uint64(j.Memory) + overhead,
		unix.RLIMIT_CPU:    uint64(j.Seconds),
		unix.RLIMIT_FSIZE:  0,
		unix.RLIMIT_CORE:   0,
		unix.RLIMIT_NOFILE: 4096,
	} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return err
		}
	}
	// It may not gain rights, and is the first to go when the machine is short of memory.
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 10)
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// attributes gives the child a process group of its own and has the kernel end it with its parent.
func attributes(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
