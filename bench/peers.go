package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// The peers' versions. Prometheus' stands in go.mod too, where its dependencies are pinned.
const (
	prometheusVersion   = "v0.315.0"
	alertmanagerVersion = "v0.34.2"
)

// buildPeers builds Prometheus and Alertmanager into .build unless they are there.
func (b *bench) buildPeers(ctx context.Context) error {
	build := filepath.Join(b.dir, ".build")
	b.prometheus = filepath.Join(build, "prometheus")
	b.alertmanager = filepath.Join(build, "alertmanager")
	if missing(b.prometheus) {
		fmt.Fprintln(os.Stderr, "building Prometheus from its module, once; this takes minutes")
		if err := goCommand(ctx, b.dir, "build", "-trimpath", "-o", b.prometheus, "github.com/prometheus/prometheus/cmd/prometheus"); err != nil {
			return err
		}
	}
	if missing(b.alertmanager) {
		fmt.Fprintln(os.Stderr, "building Alertmanager from a copy of its module, once")
		copied := filepath.Join(build, "am")
		if err := copyModule(ctx, "github.com/prometheus/alertmanager@"+alertmanagerVersion, copied); err != nil {
			return err
		}
		// Its main embeds the built page, which the module lacks.
		dist := filepath.Join(copied, "ui", "app", "dist")
		if err := os.MkdirAll(dist, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dist, "index.html"), []byte("<!doctype html><title>Alertmanager</title>\n"), 0o644); err != nil {
			return err
		}
		if err := goCommand(ctx, copied, "build", "-trimpath", "-o", b.alertmanager, "./cmd/alertmanager"); err != nil {
			return err
		}
	}
	return nil
}

func missing(file string) bool {
	_, err := os.Stat(file)
	return err != nil
}

func goCommand(ctx context.Context, dir string, args ...string) error {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir, c.Stdout, c.Stderr = dir, os.Stderr, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("go %v: %w", args, err)
	}
	return nil
}

// copyModule copies a module from the module cache, where nothing can be written, to dir.
func copyModule(ctx context.Context, module, dir string) error {
	out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", module).Output()
	if err != nil {
		return fmt.Errorf("download %s: %w", module, err)
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return fmt.Errorf("read where %s is: %w", module, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return filepath.WalkDir(m.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(m.Dir, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, rel)
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o644)
	})
}
