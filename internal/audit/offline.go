package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the engine of a state database in a data directory

	"github.com/signalbox/signalbox/internal/fault"
)

// VerifyData verifies the log in a data directory without a server, and changes nothing there. Whether the newest hours have
// digests cannot be judged: nobody may have been running.
func VerifyData(ctx context.Context, dir string, o VerifyOptions) (report Report, err error) {
	path, err := filepath.Abs(filepath.Join(dir, "state.db"))
	if err != nil {
		return Report{}, fmt.Errorf("find the state database: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return Report{}, fault.New(fault.NotFound, "there is no state database %s: %w", path, err).Hint("Name the data directory of a signalbox with --data")
	}
	// Without a write-ahead log nobody is writing, and the file may be taken as it is; with one, what is in it counts too.
	mode := "immutable=1"
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		mode = "mode=ro"
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String()+"?"+mode+"&_pragma=query_only(1)&_pragma=busy_timeout(10000)")
	if err != nil {
		return Report{}, fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	var some int
	err = db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master WHERE name = 'audit_record'`).Scan(&some)
	if err == nil && some == 0 {
		return Report{}, fault.New(fault.NotFound, "%s has no audit log", path).Hint("It was written by a signalbox without one, or is not a state database")
	}
	if err != nil {
		return Report{}, fault.New(fault.Invalid, "%s cannot be read: %w", path, err).Hint("Restore it from a backup; an exported file verifies without it")
	}
	report, err = verifyStore(ctx, store{db, statements(auditSQL)}, o, 0)
	if err == nil && report.To > 0 {
		report.Notes = append(report.Notes, "The newest digest is of the hour to "+instant(report.To)+"; the hours since are written at the next start, or were removed")
	}
	return report, err
}
