package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // mails in other character sets than UTF-8
	"github.com/emersion/go-message/mail"
)

// Mail is one mail that has arrived. Times are Unix milliseconds. HTML and Raw are as the sender wrote them: whoever shows
// them must treat them as a stranger's.
type Mail struct {
	ID        string   `json:"id"` // sorts by arrival
	At        int64    `json:"at"` // when it arrived
	MessageID string   `json:"message_id"`
	Subject   string   `json:"subject"`
	From      string   `json:"from"`
	To        []string `json:"to"`   // the envelope's recipients
	Date      int64    `json:"date"` // as the sender dated it; 0 if it did not
	Text      string   `json:"text"`
	HTML      string   `json:"html"`
	Raw       string   `json:"raw"`
	Err       string   `json:"err,omitempty"` // why it could not be read as a mail; Raw is there all the same
}

// maxParts bounds the parts that are read of one mail.
const maxParts = 100

// parse reads a mail as it came over the wire. A mail that cannot be read is kept with the reason, for a mailbox that
// loses the odd ones would hide the very mistakes it is there to show.
func parse(id string, at time.Time, to []string, raw []byte) Mail {
	m := Mail{ID: id, At: at.UnixMilli(), To: to, Raw: string(raw)}
	if m.To == nil {
		m.To = []string{}
	}
	if err := m.read(raw); err != nil {
		m.Err = err.Error()
	}
	return m
}

func (m *Mail) read(raw []byte) error {
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil && !message.IsUnknownCharset(err) {
		return fmt.Errorf("read the header: %w", err)
	}
	defer r.Close()
	m.Subject, _ = r.Header.Text("Subject")
	m.From, _ = r.Header.Text("From")
	m.MessageID, _ = r.Header.MessageID()
	if len(m.To) == 0 {
		if list, err := r.Header.AddressList("To"); err == nil {
			for _, a := range list {
				m.To = append(m.To, a.Address)
			}
		}
	}
	if date, err := r.Header.Date(); err == nil && !date.IsZero() {
		m.Date = date.UnixMilli()
	}
	for range maxParts {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !message.IsUnknownCharset(err) {
			return fmt.Errorf("read a part: %w", err)
		}
		header, inline := part.Header.(*mail.InlineHeader)
		if !inline {
			continue
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return fmt.Errorf("read a part: %w", err)
		}
		kind, _, _ := header.ContentType()
		switch {
		case strings.EqualFold(kind, "text/html"):
			m.HTML += string(body)
		case strings.HasPrefix(strings.ToLower(kind), "text/"), kind == "":
			m.Text += string(body)
		}
	}
	return nil
}
