package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"
)

const (
	maxMail        = 2 << 20
	maxRecipients  = 50
	maxSMTPClients = 32
)

// sink is the SMTP server of the mailbox. It takes every mail for every address and sends none on.
type sink struct {
	listener net.Listener
	server   *smtp.Server
	serving  sync.WaitGroup
	log      *slog.Logger
}

func newSink(ctx context.Context, box *mailbox, log *slog.Logger) (*sink, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	s := &sink{listener: listener, log: log}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &envelope{box: box}, nil
	}))
	s.server.Domain = "mail.irs.example"
	s.server.ReadTimeout = 30 * time.Second
	s.server.WriteTimeout = 30 * time.Second
	s.server.MaxMessageBytes = maxMail
	s.server.MaxRecipients = maxRecipients
	s.server.EnableSMTPUTF8 = true
	s.server.ErrorLog = complaints{log}
	return s, nil
}

func (s *sink) address() string { return s.listener.Addr().String() }

func (s *sink) run() {
	s.serving.Go(func() {
		if err := s.server.Serve(netutil.LimitListener(s.listener, maxSMTPClients)); err != nil {
			s.log.Error("demo mailbox stopped taking mail", "err", err)
		}
	})
}

func (s *sink) close() {
	s.server.Close()
	s.listener.Close() // for a sink that never ran
	s.serving.Wait()
}

// envelope is one SMTP session.
type envelope struct {
	box *mailbox
	to  []string
}

func (e *envelope) Reset()                               { e.to = nil }
func (e *envelope) Logout() error                        { return nil }
func (e *envelope) Mail(string, *smtp.MailOptions) error { return nil }
func (e *envelope) Rcpt(to string, _ *smtp.RcptOptions) error {
	e.to = append(e.to, to)
	return nil
}

// Data keeps the mail. A mail that cannot be kept is answered 451: the sender has it still and tries again.
func (e *envelope) Data(r io.Reader) error {
	raw, err := io.ReadAll(r) // bounded by MaxMessageBytes
	if err != nil {
		return err
	}
	if err := e.box.deliver(e.to, raw); err != nil {
		e.box.log.Warn("mail not kept", "err", err)
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "mailbox unavailable, try again"}
	}
	return nil
}

// complaints carries the SMTP server's log lines into ours.
type complaints struct{ log *slog.Logger }

func (c complaints) Printf(format string, v ...any) {
	c.log.Debug("demo mailbox", "err", fmt.Sprintf(format, v...))
}

func (c complaints) Println(v ...any) {
	c.log.Debug("demo mailbox", "err", strings.TrimSpace(fmt.Sprintln(v...)))
}
