package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/signalbox/signalbox/internal/fault"
)

type auditExportCmd struct {
	connection
	auditFilter
	File string `arg:"" optional:"" help:"File to write, JSON Lines; compressed if its name ends in .gz. Without it, standard output."`
}

// Help says what a filter costs.
func (*auditExportCmd) Help() string {
	return "Without a filter the file holds the whole chain with its digests. With one, each record still verifies and the signed end vouches for the choice, but records that are missing cannot be told from those that the filter left out."
}

// Run writes the file. It appears under its name when it is whole.
func (c *auditExportCmd) Run(w *world) (err error) {
	q, err := c.query()
	if err != nil {
		return err
	}
	resp, err := c.stream(w, own("/audit/export?"+q.Encode()), "application/x-ndjson")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if c.File == "" {
		return copyExport(exact(w.out), resp.Body)
	}
	if err := writeExport(c.File, resp.Body); err != nil {
		return err
	}
	fmt.Fprintf(w.err, "wrote %s; check it anywhere with `signalbox audit verify %s --key audit.pub`\n", c.File, c.File)
	return nil
}

// writeExport writes beside the file and renames.
func writeExport(path string, from io.Reader) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fault.New(fault.Invalid, "%s cannot be written: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	var to io.Writer = f
	var z *gzip.Writer
	if strings.HasSuffix(path, ".gz") {
		z = gzip.NewWriter(f)
		to = z
	}
	err = copyExport(to, from)
	if z != nil {
		err = errors.Join(err, z.Close())
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// copyExport copies the lines and sees that the last one is the end: a connection that was cut leaves half a file.
func copyExport(to io.Writer, from io.Reader) error {
	in := bufio.NewReaderSize(from, 1<<16)
	out := bufio.NewWriterSize(to, 1<<16)
	start, last := true, ""
	for {
		part, err := in.ReadSlice('\n')
		if start && len(part) > 0 {
			last = string(part[:min(len(part), len(exportEnd))])
		}
		start = !errors.Is(err, bufio.ErrBufferFull)
		if _, werr := out.Write(part); werr != nil {
			return fmt.Errorf("write the audit log: %w", werr)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && start {
			return fmt.Errorf("read the audit log: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	if last != exportEnd {
		return fault.New(fault.Unavailable, "the server ended the audit log before its end").Hint("Its own log says why; try again")
	}
	return nil
}

// exportEnd begins the last line of a whole file.
const exportEnd = `{"end":`

// exact is the writer below the one that keeps control characters from a terminal: a file has to keep every byte.
func exact(out io.Writer) io.Writer {
	p, ok := out.(plain)
	if !ok {
		return out
	}
	if f, ok := p.to.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return out
	}
	return p.to
}
