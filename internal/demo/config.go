package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// files are the policies, the runbooks and the configuration. The policies are valid as they stand: Start writes them out
// with the period it was asked for and with runbook links that work while the demo runs.
//
//go:embed files
var files embed.FS

// runbookLink is a runbook address as the policies have it, or as an earlier run wrote it into a folder that was kept.
var runbookLink = regexp.MustCompile(`https://runbooks\.irs\.example/|http://127\.0\.0\.1:[0-9]+/runbooks/`)

const filePeriod = "period: 10s" // as it stands in the files

// fileWindow is a window as it stands in the files: so many minutes, which are rounded up to whole periods.
var fileWindow = regexp.MustCompile(`(?m)^window: ([0-9]+)m$`)

// settings are what the configuration file is filled with.
type settings struct {
	Listen, Data, ExternalURL, Smarthost, Policies string
	Interval                                       string
	Services                                       []address // what a filing goes through
	Web                                            []address // what browsers talk to
}

type address struct{ Name, Agency, Address string }

// config fills the configuration file.
func config(s settings) ([]byte, error) {
	text, err := files.ReadFile("files/signalbox.yaml.tmpl")
	if err != nil {
		return nil, fmt.Errorf("read the demo's configuration: %w", err)
	}
	t, err := template.New("signalbox.yaml").Funcs(template.FuncMap{"quote": quote}).Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("parse the demo's configuration: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return nil, fmt.Errorf("fill the demo's configuration: %w", err)
	}
	return b.Bytes(), nil
}

// quote writes a string as JSON does, which YAML reads.
func quote(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}

// writePolicies puts the policies into dir. A policy that is there already is a person's: it keeps everything but the
// runbook links, which point to this run's portal.
func writePolicies(dir, runbooks string, period time.Duration) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the policies folder: %w", err)
	}
	list, err := fs.Glob(files, "files/policies/*.yaml")
	if err != nil {
		return fmt.Errorf("list the demo's policies: %w", err)
	}
	for _, name := range list {
		target := filepath.Join(dir, path.Base(name))
		text, err := os.ReadFile(target)
		if errors.Is(err, fs.ErrNotExist) {
			text, err = files.ReadFile(name)
			text = bytes.ReplaceAll(text, []byte(filePeriod), []byte("period: "+short(period)))
			text = fileWindow.ReplaceAllFunc(text, func(line []byte) []byte {
				minutes, _ := strconv.Atoi(string(fileWindow.FindSubmatch(line)[1])) // digits
				window := time.Duration(minutes) * time.Minute
				return []byte("window: " + short((window+period-1)/period*period))
			})
		}
		if err != nil {
			return fmt.Errorf("read the demo's policy %s: %w", path.Base(name), err)
		}
		text = runbookLink.ReplaceAllLiteral(text, []byte(runbooks))
		if err := os.WriteFile(target, text, 0o600); err != nil {
			return fmt.Errorf("write the demo's policy: %w", err)
		}
	}
	return nil
}

// runbooks serves the pages that the mails link to.
func runbooks() http.Handler {
	pages, err := fs.Sub(files, "files")
	if err != nil {
		panic(err) // the path is a constant
	}
	return http.FileServerFS(pages)
}

// short writes a duration as people do in YAML: 10s, 1m, 1h30m.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// intervalFor is the scrape interval that fits a period: at least two scrapes in each, and a short delay before it closes.
func intervalFor(period time.Duration) time.Duration {
	switch {
	case period <= 5*time.Second:
		return time.Second
	case period < time.Minute:
		return 2 * time.Second
	default:
		return 5 * time.Second
	}
}
