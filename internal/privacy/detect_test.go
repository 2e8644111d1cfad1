package privacy_test

import (
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/privacy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
	pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0\n-----END RSA PRIVATE KEY-----"
)

func TestPersonalDataIsFoundInTextAndOtherTextIsLeftAlone(t *testing.T) {
	h := build(t, t.TempDir(), privacy.Options{})
	for in, want := range map[string]string{
		// what is taken out
		"mail from bob.smith+tag@mail.example.gov failed":      "mail from [email] failed",
		"<jörg@exämple.de>, x@y.co.":                           "<[email]>, [email].",
		"to=user%40example.com&x=1":                            "to=[email]&x=1",
		"bob@example.com-123":                                  "[email]-123",
		"ssn 123-45-6789 and 078 05 1120":                      "ssn [ssn] and [ssn]",
		"itin 912-70-1234":                                     "itin [ssn]",
		"SSN: 123456789":                                       "SSN: [ssn]",
		"social security number is 123456789.":                 "social security number is [ssn].",
		"card 4111 1111 1111 1111 declined":                    "card [card] declined",
		"4111111111111111,5500005555555559":                    "[card],[card]",
		"amex 3782-822463-10005":                               "amex [card]",
		"diners 30569309025904 jcb 3530111333300000":           "diners [card] jcb [card]",
		"Authorization: Bearer abc123def456ghi789":             "Authorization: Bearer [token]",
		"auth bearer abcdefgh12345678 ok":                      "auth bearer [token] ok",
		"jwt " + jwt + " end":                                  "jwt [token] end",
		"key AKIAIOSFODNN7EXAMPLE used":                        "key [token] used",
		"aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCY": "aws_secret_access_key=[token]",
		"read " + pem + " done":                                "read [token] done",
		"cut " + pem[:60]:                                      "cut [token]",
		"password=hunter2 user=7":                              "password=[token] user=7",
		`{"api_key":"zzzz9999","n":1}`:                         `{"api_key":"[token]","n":1}`,
		"db postgres://app:s3cr3t@db.internal/x":               "db postgres://[token]@db.internal/x",
		"ghp_0123456789abcdefghijABCDEFGHIJ012345":             "[token]",
		"stripe sk_live_4eC39HqLyjWDarjtT1zdp7dc":              "stripe [token]",
		"slack xoxb-123456789012-abcdefghijkl":                 "slack [token]",
		"google AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe":       "google [token]",
		"client-secret: 'x8f2Kq'":                              "client-secret: '[token]'",
		"a@b.co 123-45-6789 4111111111111111 password=hunter2": "[email] [ssn] [card] password=[token]",

		`{"m":"a\nbob@x.com \tAKIAIOSFODNN7EXAMPLE\n4111111111111111\n123-45-6789 \u003cann@x.com"}`: `{"m":"a\n[email] \t[token]\n[card]\n[ssn] \u003c[email]"}`,

		// what is not
		"request 4f2a9c took 1763719200 ms at 10.0.0.7:8080":    "",
		"trace 4bf92f3577b34da6a3ce929d0e0e4736 sampled":        "",
		"commit 0123456789012345678901234567890123456789":       "",
		"order 4111111111111112 (bad check digit)":              "",
		"uuid 123e4567-e89b-12d3-a456-426614174000":             "",
		"time 1763719200000000 us, 2026-11-21T10:22:57.123456Z": "",
		"ssn-like 000-12-3456 666-12-3456 900-12-3456":          "",
		"123-00-4567 123-45-0000":                               "",
		"phone 202-555-0147 stays by default":                   "",
		"part 1123-45-67890 12-345-6789":                        "",
		"date 2026-11-21 10:22:57 2026-11-21":                   "",
		"npm left-pad@1.3.0, pkg@1.2.3-rc.beta":                 "",
		"getty@tty1.service started":                            "",
		"user@localhost, @mention, a@b":                         "",
		"unexpected token: end of file":                         "",
		"max_tokens=4096 token=1500":                            "",
		"password: required":                                    "",
		"the bearer of bad news; basic authentication-required": "",
		"eyJust kidding, AKIA, sk-learn, eyJhbGci.x":            "",
		"sk-this-is-a-long-name-of-a-css-class":                 "",
		"http://example.com:8080/a/b?x=1":                       "",
		"version 10.2.3.4.5 of 1.2.3":                           "",
		"1234 5678 9012 3456 7890 1234":                         "",
		"already [email] [ssn] [card] token=[token]":            "",
		"-----BEGIN CERTIFICATE-----":                           "",
	} {
		if want == "" {
			want = in
		}
		assert.Equal(t, want, h.body(in))
	}
}

func TestPhoneAndAddressAreFoundByPolicy(t *testing.T) {
	h := build(t, t.TempDir(), privacy.Options{}, &policy.Privacy{Name: "p", Purpose: "x",
		Detectors: map[policy.Detector]policy.Action{policy.DetectPhone: policy.Drop, policy.DetectIP: policy.Mask, policy.DetectEmail: policy.Pseudonymise}})
	for in, want := range map[string]string{
		"call +1 202 555 0147 now":               "call [phone] now",
		"(202) 555-0147 or 202.555.0147":         "[phone] or [phone]",
		"1-202-555-0147, +442079460958":          "[phone], [phone]",
		"from 192.168.17.5:8080 and 2001:db8::1": "from ************:8080 and ***********",
		"at 10:22:57 2026-11-21, v1.2.3":         "at 10:22:57 2026-11-21, v1.2.3",
		"1763719200 2025550147":                  "1763719200 2025550147",
		"version 1.2.3.4.5, 300.1.1.1":           "version 1.2.3.4.5, 300.1.1.1",
	} {
		assert.Equal(t, want, h.body(in))
	}
	got := h.body("mail a@b.co and a@b.co")
	name := strings.Fields(got)[1]
	require.Equal(t, "mail "+name+" and "+name, got)
	require.Contains(t, h.Pseudonyms("a@b.co"), name)
}

// A text made to be looked at over and over takes no longer than its length deserves.
func TestNoTextTakesForEver(t *testing.T) {
	h := build(t, t.TempDir(), privacy.Options{}, &policy.Privacy{Name: "p", Purpose: "x", Detectors: map[policy.Detector]policy.Action{policy.DetectPhone: policy.Drop, policy.DetectIP: policy.Drop}})
	for _, part := range []string{"password=[", "token=1", "sk-a-", "bearer-", "bearer ", "eyJaaaaaaaa.", "eyJ.", "a%40", "@", "a@a.", "1", "1-", "4111 ", "4111-", "1.", "1:", ":", "=", "://a", "-----BEGIN ", "+1 ", "(", "ssn 1", "\\", "\"key\":", "{\"a\":["} {
		s := strings.Repeat(part, 250_000/len(part))
		began := spent()
		r := h.one(rowstore.Row{Body: s, Detail: s})
		require.Less(t, spent()-began, 5*time.Second, part)
		require.LessOrEqual(t, len(r.Body), 10*len(s))
	}
}

func FuzzRedact(f *testing.F) {
	for _, s := range []string{"a@b.co", "123-45-6789", "4111 1111 1111 1111", "password=hunter2", jwt, pem, "x://a:b@c", "+1 202 555 0147", "::1", "1.2.3.4", "%40", "Bearer aaaaaaaaaaaaaaaaaaaaaaaa",
		`{"events":[{"name":"exception","attributes":{"user.email":"a@b.co","client.address":"1.2.3.4"}}]}`, "ps_abcdefghijklmnopqrstuvwxyz234567"} {
		f.Add(s, "url.full")
		f.Add(s, "client.address")
		f.Add(s, "note")
	}
	all := map[policy.Detector]policy.Action{policy.DetectPhone: policy.Drop, policy.DetectIP: policy.Drop}
	plain := build(f, f.TempDir(), privacy.Options{}, &policy.Privacy{Name: "a", Purpose: "x", Detectors: all})
	masked := build(f, f.TempDir(), privacy.Options{}, &policy.Privacy{Name: "a", Purpose: "x", Rules: []policy.AttributeRule{{Attribute: "note", Action: policy.Truncate, Length: 20}},
		Detectors: map[policy.Detector]policy.Action{policy.DetectEmail: policy.Mask, policy.DetectCard: policy.Pseudonymise, policy.DetectToken: policy.Pseudonymise, policy.DetectSSN: policy.Mask, policy.DetectIP: policy.Pseudonymise}})
	f.Fuzz(func(t *testing.T, s, key string) {
		if len(s) > 4096 || !utf8.ValidString(s) || !utf8.ValidString(key) {
			return
		}
		for _, h := range []*house{plain, masked} {
			h.t = t
			once := h.one(row(s, key))
			twice := h.one(once)
			require.Equal(t, once, twice)
			for _, out := range []string{once.Body, once.Detail, once.Route, once.Name} {
				require.LessOrEqual(t, len(out), 10*len(s)+100)
				require.True(t, utf8.ValidString(out))
			}
		}
	})
}

// spent is the processor time of this process so far: unlike the clock it does not run while others have the machine.
func spent() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
