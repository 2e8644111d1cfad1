package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
)

// A browser that a person has signed in with keeps a second cookie for a year that says so. It opens nothing: it only keeps
// strangers who guess at the account from slowing its owner down. Its own wrong tries are counted apart.

const knownLife = 365 * 24 * 60 * 60 // seconds

func (a *Access) knownName(r *http.Request) string { return a.cookieNamed(r, CookieName+"-known") }

func (a *Access) knownMAC(body string) string {
	m := hmac.New(sha256.New, a.known[:])
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

// knownBrowser returns the id of the request's browser if the user has signed in with it before, else "".
func (a *Access) knownBrowser(r *http.Request, user string) string {
	c, err := r.Cookie(a.knownName(r))
	if err != nil || user == "" {
		return ""
	}
	body, mac, _ := strings.Cut(c.Value, "~")
	who, device, ok := strings.Cut(body, ".")
	if !ok || who != user || subtle.ConstantTimeCompare([]byte(mac), []byte(a.knownMAC(body))) != 1 {
		return ""
	}
	return device
}

// remember marks the browser of a person who reads a page.
func (a *Access) remember(w http.ResponseWriter, r *http.Request, p Principal) {
	if p.Kind != KindPerson || r.Method != http.MethodGet || !strings.Contains(r.Header.Get("Accept"), "text/html") || a.knownBrowser(r, p.ID) != "" {
		return
	}
	body := p.ID + "." + secret()[:24]
	http.SetCookie(w, &http.Cookie{
		Name: a.knownName(r), Value: body + "~" + a.knownMAC(body), Path: "/", MaxAge: knownLife, HttpOnly: true, Secure: a.https(r), SameSite: http.SameSiteLaxMode,
	})
}
