package demo_test

import (
	"net"
	"net/smtp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/wneessen/go-mail"

	"github.com/signalbox/signalbox/internal/demo"
)

// client is a real SMTP client for the demo's mailbox.
func client(t *testing.T, d *demo.Demo) *mail.Client {
	t.Helper()
	host, port, err := net.SplitHostPort(d.SMTP())
	require.NoError(t, err)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	c, err := mail.NewClient(host, mail.WithPort(n), mail.WithTLSPolicy(mail.NoTLS), mail.WithTimeout(time.Minute))
	require.NoError(t, err)
	return c
}

func page(t *testing.T, subject string) *mail.Msg {
	t.Helper()
	m := mail.NewMsg()
	require.NoError(t, m.From("signalbox@irs.example"))
	require.NoError(t, m.To("oncall@irs.example"))
	m.Subject(subject)
	m.SetMessageIDWithValue("page-1@irs.example")
	m.SetDateWithValue(time.UnixMilli(1_700_000_000_000))
	m.SetBodyString(mail.TypeTextPlain, "Fehlerquote über 3 %")
	m.AddAlternativeString(mail.TypeTextHTML, "<p>error rate above <b>3 %</b></p>")
	return m
}

func TestMailbox(t *testing.T) {
	t.Parallel()
	arrived := make(chan demo.Mail, 1)
	folder := t.TempDir()
	d, err := demo.Start(t.Context(), demo.Options{Folder: folder, Base: 1, Peak: 1, Mailed: func(m demo.Mail) { arrived <- m }})
	require.NoError(t, err)
	require.Equal(t, []demo.Mail{}, d.Mails())
	require.NoError(t, client(t, d).DialAndSend(page(t, "Störung: 1040 e-file error rate 12.4 %")))

	m := <-arrived
	require.Equal(t, "Störung: 1040 e-file error rate 12.4 %", m.Subject)
	require.Equal(t, "<signalbox@irs.example>", m.From)
	require.Equal(t, []string{"oncall@irs.example"}, m.To)
	require.Equal(t, "page-1@irs.example", m.MessageID)
	require.Equal(t, int64(1_700_000_000_000), m.Date)
	require.Equal(t, "Fehlerquote über 3 %", m.Text)
	require.Equal(t, "<p>error rate above <b>3 %</b></p>", m.HTML)
	require.Contains(t, m.Raw, "Message-ID: <page-1@irs.example>")
	require.Empty(t, m.Err)

	got, ok := d.Mail(m.ID)
	require.True(t, ok)
	require.Equal(t, m, got)
	_, ok = d.Mail("no such mail")
	require.False(t, ok)
	list := d.Mails()
	require.Len(t, list, 1)
	require.Equal(t, m.Subject, list[0].Subject)
	require.Empty(t, list[0].Text+list[0].HTML+list[0].Raw, "a list carries no bodies")
	require.NoError(t, d.Close())

	d = start(t, demo.Options{Folder: folder, Base: 1, Peak: 1})
	kept, ok := d.Mail(m.ID)
	require.True(t, ok, "a kept folder keeps its mails")
	require.Equal(t, m, kept)
}

// What no mail program would write is kept with the reason, and does not harm the next mail.
func TestMailThatIsNone(t *testing.T) {
	t.Parallel()
	d := start(t, demo.Options{Base: 1, Peak: 1})
	for _, raw := range []string{
		"no header at all\r\n",
		"Subject: broken\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nno end",
		"Subject: odd\r\nContent-Type: text/plain; charset=no-such\r\n\r\nstill text\r\n",
		"",
	} {
		require.NoError(t, smtp.SendMail(d.SMTP(), nil, "a@irs.example", []string{"b@irs.example"}, []byte(raw)))
	}
	require.NoError(t, client(t, d).DialAndSend(page(t, "the next")))
	list := d.Mails()
	require.Len(t, list, 5)
	require.Equal(t, "the next", list[0].Subject)
	odd, _ := d.Mail(list[2].ID)
	require.Equal(t, "still text\r\n", odd.Text)
	require.NotEmpty(t, list[4].Err, "%+v", list[4])
}

func TestHugeMailIsRefused(t *testing.T) {
	t.Parallel()
	d := start(t, demo.Options{Base: 1, Peak: 1})
	huge := make([]byte, 3<<20)
	for i := range huge {
		huge[i] = 'x'
		if i%70 == 69 {
			huge[i] = '\n'
		}
	}
	require.ErrorContains(t, smtp.SendMail(d.SMTP(), nil, "a@irs.example", []string{"b@irs.example"}, huge), "552")
	require.Empty(t, d.Mails())
}
