package access

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
)

//go:embed login.html
var loginHTML string

// Routes are the sign-in pages. They are rendered here and need no script.
func (a *Access) Routes() []Route {
	page := template.Must(template.New("login").Parse(loginHTML))
	out := []Route{
		{Method: http.MethodGet, Pattern: "/login", Action: SignIn, Handler: a.showLogin(page)},
		{Method: http.MethodPost, Pattern: "/login", Action: SignIn, Handler: a.postLogin(page)},
		{Method: http.MethodPost, Pattern: "/logout", Action: SignIn, Handler: http.HandlerFunc(a.postLogout)},
		{Method: http.MethodGet, Pattern: "/login/password", Action: OwnAccount, Handler: a.showPassword(page)},
		{Method: http.MethodPost, Pattern: "/login/password", Action: OwnAccount, Handler: a.postPassword(page)},
	}
	if a.oidc != nil {
		out = append(out,
			Route{Method: http.MethodGet, Pattern: "/login/oidc", Action: SignIn, Handler: a.startOIDC(page)},
			Route{Method: http.MethodGet, Pattern: "/login/oidc/callback", Action: SignIn, Handler: a.finishOIDC(page)},
		)
	}
	return out
}

// local returns next if it is a path of this server, else "/".
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") {
		return "/"
	}
	return next
}

// loginPage is what the template shows.
type loginPage struct {
	Nonce, Next, Error string
	Change             bool // choose a password of one's own, else sign in
	Must               bool // the password now was set by somebody else
	Code               bool // the error is about the code or token
	People             bool // there is somebody who has a password
	Login              string
	Provider           string // name of the OIDC provider; empty for none
	MinPassword        int
}

func (a *Access) page(w http.ResponseWriter, r *http.Request, t *template.Template, status int, p loginPage) {
	p.Nonce, p.People, p.MinPassword = StyleNonce(r.Context()), a.roster.Load().passwords(), MinPassword
	if a.oidc != nil {
		p.Provider = a.oidc.o.Name
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		a.o.Logger.Error("sign-in page", "err", err)
		problem(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a client that went away is its own matter
}

// say shows the page with an error on it.
func (a *Access) say(w http.ResponseWriter, r *http.Request, t *template.Template, err error, p loginPage) {
	if fault.KindOf(err) == fault.Internal {
		a.o.Logger.Error("sign-in", "err", err)
	}
	sentence := fault.Outside(err)
	p.Error = strings.ToUpper(sentence[:1]) + sentence[1:] + "."
	a.page(w, r, t, fault.Status(fault.KindOf(err)), p)
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
			a.page(w, r, t, http.StatusOK, loginPage{Next: next})
			return
		}
		if strings.Contains(r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose"), "prefetch") {
			// A browser that looks ahead must not use the code up; it asks again when the person really goes there.
			problem(w, fault.New(fault.Unavailable, "a sign-in link is not fetched ahead"))
			return
		}
		a.finish(w, r, t, LoginInput{Secret: code}, next)
	})
}

func (a *Access) postLogin(t *template.Template) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.form(w, r, t) {
			return
		}
		in := LoginInput{Login: r.PostForm.Get("login"), Password: r.PostForm.Get("password"), Secret: r.PostForm.Get("secret")}
		a.finish(w, r, t, in, local(r.PostForm.Get("next")))
	})
}

func (a *Access) form(w http.ResponseWriter, r *http.Request, t *template.Template) bool {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		a.page(w, r, t, http.StatusBadRequest, loginPage{Next: "/", Error: "The form could not be read. Try again."})
		return false
	}
	return true
}

func (a *Access) finish(w http.ResponseWriter, r *http.Request, t *template.Template, in LoginInput, next string) {
	c, p, err := a.Login(r, in)
	if err != nil {
		a.say(w, r, t, err, loginPage{Next: next, Login: in.Login, Code: in.Login == "" && in.Password == ""})
		return
	}
	a.enterPage(w, r, c, p, next)
}

// enterPage sends somebody who has just signed in where they wanted to go.
func (a *Access) enterPage(w http.ResponseWriter, r *http.Request, c *http.Cookie, p Principal, next string) {
	http.SetCookie(w, c)
	if p.MustChange {
		next = "/login/password?" + url.Values{"next": {next}}.Encode()
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (a *Access) showPassword(t *template.Template) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := From(r.Context())
		a.page(w, r, t, http.StatusOK, loginPage{Next: local(r.URL.Query().Get("next")), Change: true, Must: p.MustChange, Login: p.Login})
	})
}

func (a *Access) postPassword(t *template.Template) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.form(w, r, t) {
			return
		}
		p, _ := From(r.Context())
		page := loginPage{Next: local(r.PostForm.Get("next")), Change: true, Must: p.MustChange, Login: p.Login}
		if r.PostForm.Get("new") != r.PostForm.Get("again") {
			a.say(w, r, t, fault.New(fault.Invalid, "the two new passwords are not the same"), page)
			return
		}
		if _, err := a.SetPassword(r.Context(), PasswordChange{Old: r.PostForm.Get("old"), New: r.PostForm.Get("new")}); err != nil {
			a.say(w, r, t, err, page)
			return
		}
		http.Redirect(w, r, page.Next, http.StatusSeeOther)
	})
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
