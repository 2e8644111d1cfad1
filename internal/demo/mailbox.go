package demo

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// keptMails is how many mails the mailbox keeps; the oldest go first.
const keptMails = 200

// mailbox keeps the newest mails in memory and as .eml files in its folder.
type mailbox struct {
	dir     string
	now     func() time.Time
	arrived func(Mail)
	log     *slog.Logger

	mu     sync.Mutex
	mails  []Mail // oldest first
	ids    *ulid.MonotonicEntropy
	closed bool
}

// openMailbox reads what the folder holds from earlier runs.
func openMailbox(dir string, now func() time.Time, arrived func(Mail), log *slog.Logger) (*mailbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the mailbox folder: %w", err)
	}
	b := &mailbox{dir: dir, now: now, arrived: arrived, log: log, ids: ulid.Monotonic(ulid.DefaultEntropy(), 0)}
	files, err := filepath.Glob(filepath.Join(dir, "*.eml")) // sorted, and so by arrival
	if err != nil {
		return nil, fmt.Errorf("list the mailbox folder: %w", err)
	}
	for _, file := range files[max(0, len(files)-keptMails):] {
		id, err := ulid.ParseStrict(strings.TrimSuffix(filepath.Base(file), ".eml"))
		if err != nil {
			continue // not ours
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read a kept mail: %w", err)
		}
		b.mails = append(b.mails, parse(id.String(), ulid.Time(id.Time()), nil, raw))
	}
	return b, nil
}

var errMailboxClosed = errors.New("the mailbox is closed")

// deliver keeps a mail. It returns after the mail is in its file, for SMTP's 250 takes the responsibility.
func (b *mailbox) deliver(to []string, raw []byte) error {
	m, err := b.keep(to, raw)
	if err != nil {
		return err
	}
	b.log.Info("mail arrived", "subject", m.Subject, "to", m.To)
	if b.arrived != nil {
		b.arrived(m)
	}
	return nil
}

func (b *mailbox) keep(to []string, raw []byte) (Mail, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return Mail{}, errMailboxClosed
	}
	at := b.now()
	id, err := ulid.New(ulid.Timestamp(at), b.ids)
	if err != nil {
		return Mail{}, fmt.Errorf("name a mail: %w", err)
	}
	if err := os.WriteFile(b.file(id.String()), raw, 0o600); err != nil {
		return Mail{}, fmt.Errorf("keep a mail: %w", err)
	}
	m := parse(id.String(), at, to, raw)
	b.mails = append(b.mails, m)
	for len(b.mails) > keptMails {
		if err := os.Remove(b.file(b.mails[0].ID)); err != nil {
			b.log.Warn("remove an old mail of the demo", "err", err)
		}
		b.mails = slices.Delete(b.mails, 0, 1)
	}
	return m, nil
}

func (b *mailbox) file(id string) string { return filepath.Join(b.dir, id+".eml") }

// list returns the mails without their bodies, newest first.
func (b *mailbox) list() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Mail, 0, len(b.mails))
	for _, m := range slices.Backward(b.mails) {
		m.Text, m.HTML, m.Raw = "", "", ""
		list = append(list, m)
	}
	return list
}

func (b *mailbox) mail(id string) (Mail, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.mails, func(m Mail) bool { return m.ID == id })
	if i < 0 {
		return Mail{}, false
	}
	return b.mails[i], true
}

// close refuses further mails, so that nothing is written into a folder that is about to go.
func (b *mailbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
}
