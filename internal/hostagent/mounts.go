package hostagent

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v4/disk"
)

// What node_exporter leaves out by default. The root of a container is kept although it is an overlay: it is the disk that
// fills up there.
var (
	noMount  = regexp.MustCompile(`^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)`)
	noFSType = regexp.MustCompile(`^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$`)
)

// mountWait is how long a file system may take to answer; a network mount whose server is away never does.
const mountWait = 5 * time.Second

// mounts reads file systems, and remembers those that did not answer so that they are not asked again while the question
// hangs.
type mounts struct {
	mu      sync.Mutex
	hanging map[string]bool
	usage   func(path string) (*disk.UsageStat, error)
	wait    time.Duration
}

func newMounts() *mounts {
	return &mounts{hanging: map[string]bool{}, usage: disk.Usage, wait: mountWait}
}

func (m *mounts) read(ctx context.Context) ([]metric, error) {
	parts, err := disk.PartitionsWithContext(ctx, true)
	if err != nil {
		return nil, err
	}
	return m.of(ctx, parts)
}

func (m *mounts) of(ctx context.Context, parts []disk.PartitionStat) ([]metric, error) {
	var (
		out  []metric
		errs error
		seen = map[string]bool{}
	)
	for _, p := range parts {
		key := p.Device + "\xff" + p.Mountpoint
		if seen[key] || noMount.MatchString(p.Mountpoint) || (noFSType.MatchString(p.Fstype) && (p.Fstype != "overlay" || p.Mountpoint != "/")) {
			continue
		}
		seen[key] = true
		pairs := []string{"device", p.Device, "fstype", p.Fstype, "mountpoint", p.Mountpoint}
		u, err := m.ask(ctx, p.Mountpoint)
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("%s: %w", p.Mountpoint, err))
			out = append(out, gauge("node_filesystem_device_error", 1, pairs...))
			continue
		}
		ro := 0.0
		if slices.Contains(p.Opts, "ro") {
			ro = 1
		}
		out = append(out,
			gauge("node_filesystem_device_error", 0, pairs...),
			gauge("node_filesystem_readonly", ro, pairs...),
			gauge("node_filesystem_size_bytes", float64(u.Total), pairs...),
			gauge("node_filesystem_free_bytes", float64(u.Total-u.Used), pairs...),
			gauge("node_filesystem_avail_bytes", float64(u.Free), pairs...), // gopsutil's Free is what a user may still write
			gauge("node_filesystem_files", float64(u.InodesTotal), pairs...),
			gauge("node_filesystem_files_free", float64(u.InodesFree), pairs...))
	}
	return out, errs
}

// ask asks one file system and gives up after the wait; the question itself cannot be called off.
func (m *mounts) ask(ctx context.Context, path string) (*disk.UsageStat, error) {
	m.mu.Lock()
	hanging := m.hanging[path]
	m.hanging[path] = true
	m.mu.Unlock()
	if hanging {
		return nil, errors.New("does not answer")
	}
	type answer struct {
		u   *disk.UsageStat
		err error
	}
	got := make(chan answer, 1)
	go func() {
		u, err := m.usage(path)
		m.mu.Lock()
		delete(m.hanging, path)
		m.mu.Unlock()
		got <- answer{u, err}
	}()
	t := time.NewTimer(m.wait)
	defer t.Stop()
	select {
	case a := <-got:
		return a.u, a.err
	case <-t.C:
		return nil, errors.New("does not answer")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
