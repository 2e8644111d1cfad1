package cloudtrail_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/receive/cloudtrail"
	"github.com/signalbox/signalbox/internal/statestore"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// A role that was assumed changes a function; a user is denied; a service only reads.
const (
	update = `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:ana","arn":"arn:aws:sts::123456789012:assumed-role/Deployer/ana","accountId":"123456789012",` +
		`"sessionContext":{"sessionIssuer":{"type":"Role","userName":"Deployer"}}},"eventTime":"2026-11-21T11:30:00Z","eventSource":"lambda.amazonaws.com","eventName":"UpdateFunctionCode20150331v2",` +
		`"awsRegion":"us-gov-west-1","sourceIPAddress":"198.51.100.7","requestParameters":{"functionName":"arn:aws:lambda:us-gov-west-1:123456789012:function:intake","environment":{"password":"hunter2"},"zipFile":"hunter2"},` +
		`"responseElements":null,"requestID":"r-1","eventID":"11111111-aaaa","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012","eventCategory":"Management"}`
	denied = `{"userIdentity":{"type":"IAMUser","userName":"bert"},"eventTime":"2026-11-21T11:31:00Z","eventSource":"s3.amazonaws.com","eventName":"DeleteBucket","awsRegion":"us-east-1",` +
		`"errorCode":"AccessDenied","requestParameters":{"bucketName":"returns","Host":"x"},"eventID":"22222222-bbbb","readOnly":"false","resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::returns-2026"}]}`
	reads = `{"userIdentity":{"type":"AWSService","invokedBy":"config.amazonaws.com"},"eventTime":"2026-11-21T11:32:00Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","eventID":"33333333-cccc","readOnly":true,"requestParameters":null}`
	old   = `{"userIdentity":{"type":"Root"},"eventTime":"2026-11-21T11:33:00Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeImages"}`
)

func file(records ...string) string { return `{"Records":[` + strings.Join(records, ",") + `]}` }

func packed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

type house struct {
	*cloudtrail.Reader
	db     *statestore.DB
	ledger *ledger.Ledger
	folder string
	reg    *prometheus.Registry
	sunk   int
	fail   error
}

func open(t testing.TB, change func(*cloudtrail.Options)) *house {
	t.Helper()
	h := &house{folder: t.TempDir()}
	var err error
	h.db, err = statestore.Open(filepath.Join(t.TempDir(), "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.db.Close() })
	h.ledger, err = ledger.Open(t.Context(), ledger.Options{State: h.db, Now: func() time.Time { return now }})
	require.NoError(t, err)
	h.open(t, change)
	return h
}

// open makes a reader, as after a restart.
func (h *house) open(t testing.TB, change func(*cloudtrail.Options)) {
	t.Helper()
	h.reg = prometheus.NewRegistry()
	o := cloudtrail.Options{DB: h.db, Folder: h.folder, Now: func() time.Time { return now }, Registerer: h.reg,
		Sink: func(ctx context.Context, m ledger.Mark) error {
			if h.fail != nil {
				return h.fail
			}
			h.sunk++
			_, _, err := h.ledger.AddMark(ctx, m)
			return err
		}}
	if change != nil {
		change(&o)
	}
	var err error
	h.Reader, err = cloudtrail.New(t.Context(), o)
	require.NoError(t, err)
}

func (h *house) put(t testing.TB, path, text string) {
	t.Helper()
	path = filepath.Join(h.folder, path)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	require.NoError(t, os.Chtimes(path, now, now.Add(-time.Hour)))
}

func (h *house) marks(t testing.TB) []ledger.Mark {
	t.Helper()
	ms, err := h.ledger.Marks(t.Context(), ledger.MarkFilter{})
	require.NoError(t, err)
	return ms
}

func TestRecordsBecomeMarks(t *testing.T) {
	h := open(t, nil)
	h.put(t, "AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/21/a.json.gz", packed(t, file(update, reads)))
	h.put(t, "b.json", file(denied, old))
	h.put(t, "AWSLogs/123456789012/CloudTrail-Digest/us-east-1/d.json", "not for us")
	h.put(t, "notes.txt", "not for us")
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(h.folder, "c.json")))
	require.NoError(t, h.Look(t.Context()))
	require.Equal(t, []ledger.Mark{
		{ID: "cloudtrail-22222222-bbbb", At: now.Add(-29 * time.Minute).UnixMilli(), Letter: "C", Word: "Config", Title: "DeleteBucket returns-2026 (failed: AccessDenied)", Actor: "bert",
			Source: "s3.amazonaws.com", Labels: map[string]string{"aws_region": "us-east-1"}, Detail: "identity IAMUser"},
		{ID: "cloudtrail-11111111-aaaa", At: now.Add(-30 * time.Minute).UnixMilli(), Letter: "C", Word: "Config", Title: "UpdateFunctionCode20150331v2 function:intake", Actor: "Deployer/ana",
			Source: "lambda.amazonaws.com", Labels: map[string]string{"aws_account": "123456789012", "aws_region": "us-gov-west-1"}, Detail: "type AwsApiCall, identity AssumedRole, from 198.51.100.7, request r-1"},
	}, h.marks(t))
	files, err := h.Files(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, files, 2)
	require.EqualValues(t, 2, files[0].Records)
	require.EqualValues(t, 1, files[0].Marks)
	require.Empty(t, files[0].Problem)
	require.NoError(t, testutil.GatherAndCompare(h.reg, strings.NewReader(`
# HELP signalbox_cloudtrail_records_total CloudTrail records, by result: mark, read_only, faulty.
# TYPE signalbox_cloudtrail_records_total counter
signalbox_cloudtrail_records_total{result="faulty"} 0
signalbox_cloudtrail_records_total{result="mark"} 2
signalbox_cloudtrail_records_total{result="read_only"} 2
`), "signalbox_cloudtrail_records_total"))

	all := open(t, func(o *cloudtrail.Options) { o.Reads = true })
	all.put(t, "b.json", file(reads, old))
	require.NoError(t, all.Look(t.Context()))
	require.Len(t, all.marks(t), 2)
}

func TestNothingIsReadTwice(t *testing.T) {
	h := open(t, nil)
	h.put(t, "a.json", file(update))
	h.put(t, "bad.json", `{"Records":[`)
	for range 3 {
		require.NoError(t, h.Look(t.Context()))
		h.open(t, nil) // a restart
	}
	require.Equal(t, 1, h.sunk)
	require.Equal(t, 1, len(h.marks(t)))
	// A file that is written anew is read anew; its old records make no second marks.
	h.put(t, "bad.json", file(update, denied))
	require.NoError(t, h.Look(t.Context()))
	require.Len(t, h.marks(t), 2)
	files, err := h.Files(t.Context(), 0)
	require.NoError(t, err)
	for _, f := range files {
		require.Empty(t, f.Problem)
	}
}

// A file that is still being written, and one whose marks could not be kept, are read later.
func TestReadLater(t *testing.T) {
	h := open(t, nil)
	h.put(t, "a.json", file(update))
	require.NoError(t, os.Chtimes(filepath.Join(h.folder, "a.json"), now, now.Add(-time.Second)))
	require.NoError(t, h.Look(t.Context()))
	require.Empty(t, h.marks(t))
	h.put(t, "a.json", file(update, denied))
	h.fail = errors.New("the disk is full")
	require.ErrorContains(t, h.Look(t.Context()), "disk is full")
	h.fail = nil
	require.NoError(t, h.Look(t.Context()))
	require.Len(t, h.marks(t), 2)
}

func TestFaultyFiles(t *testing.T) {
	h := open(t, func(o *cloudtrail.Options) { o.MaxBytes = 2 << 20 })
	want := map[string]string{}
	for name, c := range map[string]struct{ text, problem string }{
		"empty.json":      {"", "ends in its middle"},
		"text.json":       {"hello", "no JSON object"},
		"list.json":       {"[]", "no JSON object"},
		"other.json":      {`{"logFiles":[]}`, "no CloudTrail log file"},
		"half.json":       {file(denied)[:200], "ends in its middle"},
		"records.json":    {`{"Records":{}}`, "Records is no list"},
		"more.json":       {file(reads) + "x", "more after its end"},
		"notgz.json.gz":   {file(update), "no gzip"},
		"cutgz.json.gz":   {packed(t, file(update, denied))[:300], "ends in its middle"},
		"badrecord.json":  {file(`{"eventName":"X"}`, update, `"x"`), "record 1: eventTime is missing (2 of 3 records are left out)"},
		"future.json":     {file(strings.Replace(denied, "2026-11-21", "2027-11-21", 1)), "ahead"},
		"bomb.json.gz":    {packed(t, `{"Records":["`+strings.Repeat("x", 6<<20)+`"]}`), "a record has more than"},
		"bomb2.json.gz":   {packed(t, file(strings.TrimSuffix(strings.Repeat(reads+",", 12_000), ","))), "bytes uncompressed"},
		"bomb3.json.gz":   {packed(t, `{"Records":[`+strings.Repeat(" ", 6<<20)+`]}`), "more than"},
		"deep.json":       {`{"Records":[` + strings.Repeat("[", 20_000), "record 1"},
		"control.json.gz": {packed(t, file(update)), ""},
	} {
		h.put(t, name, c.text)
		want[name] = c.problem
	}
	require.NoError(t, h.Look(t.Context()))
	files, err := h.Files(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, files, len(want))
	for _, f := range files {
		if want[f.Path] == "" {
			require.Empty(t, f.Problem, f.Path)
			continue
		}
		require.Contains(t, f.Problem, want[f.Path], f.Path)
	}
	require.Len(t, h.marks(t), 1, "only the good records")
}

func TestRun(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "later")
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db, err := statestore.Open(filepath.Join(dir, "state.db"), false)
		require.NoError(t, err)
		got := []string{}
		r, err := cloudtrail.New(t.Context(), cloudtrail.Options{DB: db, Folder: folder, Now: func() time.Time { return time.Now().AddDate(60, 0, 0) },
			Sink: func(_ context.Context, m ledger.Mark) error { got = append(got, m.Title); return nil }})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		time.Sleep(time.Minute) // the folder is not there yet
		require.NoError(t, os.Mkdir(folder, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "a.json"), []byte(file(denied)), 0o644))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, got, 1)
		stop()
		require.NoError(t, <-done)
		require.NoError(t, db.Close())
	})
}

func TestOptions(t *testing.T) {
	_, err := cloudtrail.New(t.Context(), cloudtrail.Options{})
	require.Error(t, err)
}

// FuzzRead: whatever lies in the folder, the reader says what it is, keeps going and takes nothing that AddMark refuses.
func FuzzRead(f *testing.F) {
	h := open(f, nil)
	for _, s := range []string{file(update, denied, reads, old), file(), `{"Records":null}`, `{"a":1,"Records":[{}]}`} {
		f.Add([]byte(s), false)
		f.Add([]byte(packed(f, s)), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, gz bool) {
		name := "x.json"
		if gz {
			name += ".gz"
		}
		h.put(t, name, string(b))
		if err := h.Look(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
