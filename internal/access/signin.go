package access

import (
	"bytes"
	_ "embed"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

//go:embed login.html
var loginHTML string

// Routes are the sign-in pages.
func (a *Access) Routes() []Route {
	page := template.Must(template.New("login").Parse(loginHTML))
	return []Route{
		{Method: http.MethodGet, Pattern: "/login", Action: SignIn, Handler: a.showLogin(page)},
		{Method: http.MethodPost, Pattern: "/login", Action: SignIn, Handler: a.postLogin(page)},
		{Method: http.MethodPost, Pattern: "/logout", Action: SignIn, Handler: http.HandlerFunc(a.postLogout)},
	}
}

// SignIn checks a one-time code or a token and returns the cookie of a new session.
func (a *Access) SignIn(r *http.Request, secret string) (*http.Cookie, error) {
	secret = strings.TrimSpace(secret)
	if !a.codes.take(secret) {
		if ok, wait := a.token(secret, sourceOf(r.RemoteAddr)); !ok {
			no := wrong(wait)
			a.refused.WithLabelValues(no.reason).Inc()
			a.o.Logger.Warn("sign-in refused", "remote", r.RemoteAddr, "request", RequestID(r.Context()))
			return nil, no.err
		}
	}
	value, ends, err := a.sessions.start(r.Context())
	if err != nil {
		return nil, err
	}
	a.o.Logger.Info("signed in", "remote", r.RemoteAddr)
	return a.cookie(r, value, ends), nil
}

// SignOut ends the session of the request, if any, and returns the cookie that clears the browser's.
func (a *Access) SignOut(r *http.Request) (*http.Cookie, error) {
	if c, err := r.Cookie(a.cookieName(r)); err == nil {
		if err := a.sessions.end(r.Context(), c.Value); err != nil {
			return nil, err
		}
	}
	c := a.cookie(r, "", time.Unix(0, 0))
	c.MaxAge = -1
	return c, nil
}

// cookieName tells servers on several ports of one host apart, which share their cookies.
func (a *Access) cookieName(r *http.Request) string {
	name := CookieName
	if _, port, err := net.SplitHostPort(r.Host); err == nil && port != "" {
		name += "-" + port
	}
	if a.https(r) {
		return "__Host-" + name
	}
	return name
}

// cookie is Lax, not Strict: a link in a mail is followed from another site, and Strict would show the sign-in page to a
// person who is signed in. What changes something is guarded by the origin check besides.
func (a *Access) cookie(r *http.Request, value string, ends time.Time) *http.Cookie {
	return &http.Cookie{
		Name: a.cookieName(r), Value: value, Path: "/", Expires: ends, MaxAge: int(ends.Sub(a.o.Now()).Seconds()),
		HttpOnly: true, Secure: a.https(r), SameSite: http.SameSiteLaxMode,
	}
}

// local returns next if it is a path of this server, else "/".
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") {
		return "/"
	}
	return next
}

type loginPage struct {
	Nonce, Next, Error string
}

func (a *Access) page(w http.ResponseWriter, r *http.Request, t *template.Template, status int, next, sentence string) {
	var b bytes.Buffer
	if err := t.Execute(&b, loginPage{Nonce: StyleNonce(r.Context()), Next: next, Error: sentence}); err != nil {
		a.o.Logger.Error("sign-in page", "err", err)
		problem(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a client that went away is its own matter
}

// showLogin shows the page, or signs in by the code of a link.
func (a *Access) showLogin(t *template.Template) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next, code := local(r.URL.Query().Get("next")), r.URL.Query().Get("code")
		if _, in := From(r.Context()); in {
			http.Redirect(w, r, next, http.StatusSeeOther)
			return
		}
		if code == "" {
			a.page(w, r, t, http.StatusOK, next, "")
			return
		}
		if strings.Contains(r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose"), "prefetch") {
			// A browser that looks ahead must not use the code up; it asks again when the person really goes there.
			problem(w, fault.New(fault.Unavailable, "a sign-in link is not fetched ahead"))
			return
		}
		a.finish(w, r, t, code, next)
	})
}

func (a *Access) postLogin(t *template.Template) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
		if err := r.ParseForm(); err != nil {
			a.page(w, r, t, http.StatusBadRequest, "/", "The form could not be read. Try again.")
			return
		}
		a.finish(w, r, t, r.PostForm.Get("secret"), local(r.PostForm.Get("next")))
	})
}

func (a *Access) finish(w http.ResponseWriter, r *http.Request, t *template.Template, secret, next string) {
	c, err := a.SignIn(r, secret)
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			a.o.Logger.Error("sign-in", "err", err)
		}
		sentence := fault.Outside(err)
		a.page(w, r, t, fault.Status(fault.KindOf(err)), next, strings.ToUpper(sentence[:1])+sentence[1:]+".")
		return
	}
	http.SetCookie(w, c)
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (a *Access) postLogout(w http.ResponseWriter, r *http.Request) {
	c, err := a.SignOut(r)
	if err != nil {
		a.o.Logger.Error("sign-out", "err", err)
		problem(w, err)
		return
	}
	http.SetCookie(w, c)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
