package app

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long files must be quiet before they are read again: editors write in several steps.
const settle = 300 * time.Millisecond

// watchFiles reloads when a file that the configuration names changes, or when one comes or goes beside it: KPI files are
// hot. Directories are watched, not files, because editors replace files.
func (h *house) watchFiles(ctx context.Context) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		h.log.Warn("files are not watched; reload with SIGHUP or /-/reload", "err", err)
		return
	}
	defer w.Close()
	watched := map[string]bool{}
	follow := func() {
		cfg := h.cfg.Load()
		dirs := make([]string, 0, len(cfg.Files)+len(cfg.Policies))
		for _, f := range cfg.Files {
			dirs = append(dirs, filepath.Dir(f))
		}
		for _, glob := range cfg.Policies { // a first file may come where none is yet
			if !filepath.IsAbs(glob) {
				glob = filepath.Join(cfg.Dir, glob)
			}
			if dir := filepath.Dir(glob); !strings.ContainsAny(dir, "*?[") {
				dirs = append(dirs, dir)
			}
		}
		for _, dir := range dirs {
			if !watched[dir] && w.Add(dir) == nil {
				watched[dir] = true
			}
		}
	}
	follow()
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			if e.Op != fsnotify.Chmod && isConfig(e.Name) {
				quiet.Reset(settle)
			}
		case <-w.Errors:
		case <-quiet.C:
			if err := h.Reload(ctx); err != nil {
				h.log.Error("a changed file was not taken over; what was in force stays in force", "err", err)
			}
			follow()
		}
	}
}

// isConfig reports whether a changed file can matter: YAML and templates.
func isConfig(name string) bool {
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".tmpl", ".json":
		return true
	}
	return false
}
