package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/app"
	"github.com/signalbox/signalbox/internal/fault"
)

// userCmd shows and changes people.
type userCmd struct {
	List     userListCmd     `cmd:"" default:"withargs" help:"List people."`
	Add      userAddCmd      `cmd:"" help:"Make a user."`
	Set      userSetCmd      `cmd:"" help:"Rename a user, grant other roles, or let them in again."`
	Disable  userDisableCmd  `cmd:"" help:"Keep a user out; sessions and tokens end at once."`
	Remove   userRemoveCmd   `cmd:"" help:"Remove a user with their tokens."`
	Password userPasswordCmd `cmd:"" help:"Set a user's password; they choose their own at the next sign-in."`
}

type userListCmd struct {
	connection
	output
}

// Run lists people.
func (c *userListCmd) Run(w *world) error {
	var v struct {
		Users []access.User `json:"users"`
	}
	if err := c.call(w, http.MethodGet, own("/users"), nil, &v); err != nil {
		return err
	}
	t := table{{"LOGIN", "NAME", "STATE", "GRANTS", "ORIGIN", "SIGNED IN"}}
	for _, u := range v.Users {
		t = append(t, []string{u.Login, u.Name, u.State, grantText(u.Grants), u.Origin, when(u.SignedInAt)})
	}
	return c.print(w, t, v.Users)
}

func grantText(gs []access.GrantText) string {
	var out []string
	for _, g := range gs {
		out = append(out, g.String())
	}
	return strings.Join(out, "; ")
}

// roleFlags are grants on a command line: a role, and its scope in braces.
type roleFlags struct {
	Role []string `help:"A role, bounded by label matchers in braces if you like: analyst, or 'owner {agency=\"IRS\"}'. Give it several times for several." placeholder:"ROLE" sep:"none"`
}

func (f roleFlags) grants() ([]access.GrantText, error) {
	out := []access.GrantText{}
	for _, text := range f.Role {
		role, scope, bounded := strings.Cut(text, "{")
		scope, closed := strings.CutSuffix(strings.TrimSpace(scope), "}")
		if bounded != closed {
			return nil, usage("--role %q: want a role such as analyst, or a role with a scope such as 'owner {agency=\"IRS\"}'", text)
		}
		out = append(out, access.GrantText{Role: access.Role(strings.TrimSpace(role)), Scope: strings.TrimSpace(scope)})
	}
	return out, nil
}

// passwordFrom reads one line; the line break is not part of it.
func passwordFrom(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 4<<10)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", usage("--password-stdin: standard input is empty")
	}
	return line, nil
}

type userAddCmd struct {
	connection
	roleFlags
	Login         string `arg:"" help:"What they sign in with, such as ann@irs.example."`
	Name          string `help:"Name in full." placeholder:"NAME"`
	PasswordStdin bool   `help:"Read the password from standard input; without it one is made and printed."`
	Offline       bool   `help:"Write straight into the data directory (--data) while no server runs: for an owner who is locked out."`
}

// Run makes a user.
func (c *userAddCmd) Run(w *world) error {
	grants, err := c.grants()
	if err != nil {
		return err
	}
	in := access.UserInput{Login: c.Login, Name: c.Name, Grants: grants}
	if c.PasswordStdin {
		if in.Password, err = passwordFrom(w.in); err != nil {
			return err
		}
	}
	var u access.NewUser
	if c.Offline {
		err = app.Offline(w.ctx, c.Data, func(ctx context.Context, a *access.Access) error {
			u, err = a.CreateUser(ctx, in)
			return err
		})
	} else {
		err = c.call(w, http.MethodPost, own("/users"), in, &u)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "made %s (%s)\n", u.Login, orNone(grantText(u.Grants)))
	sayPassword(w, u.Password)
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "no roles"
	}
	return s
}

func sayPassword(w *world, password string) {
	if password != "" {
		fmt.Fprintf(w.out, "password, shown only now: %s\n", password)
	}
}

type userSetCmd struct {
	connection
	roleFlags
	Login  string  `arg:"" help:"Login or id."`
	Name   *string `help:"Name in full." placeholder:"NAME"`
	NoRole bool    `help:"Take all roles."`
	Enable bool    `help:"Let a disabled user in again."`
	Reason string  `help:"Why, for the audit record." placeholder:"TEXT"`
}

// Run changes a user; --role replaces all that they held.
func (c *userSetCmd) Run(w *world) error {
	in := access.UserChange{Name: c.Name, Reason: c.Reason}
	grants, err := c.grants()
	switch {
	case err != nil:
		return err
	case len(grants) > 0 && c.NoRole:
		return usage("--role and --no-role: want one of them")
	case len(grants) > 0 || c.NoRole:
		in.Grants = &grants
	}
	if c.Enable {
		state := access.Active
		in.State = &state
	}
	if in.Name == nil && in.Grants == nil && in.State == nil {
		return usage("nothing to change: want --name, --role, --no-role or --enable")
	}
	return c.change(w, c.Login, in)
}

// change asks for a change of a user and says who they are now.
func (c *connection) change(w *world, login string, in access.UserChange) error {
	var u access.User
	if err := c.call(w, http.MethodPut, own("/users/"+esc(login)), in, &u); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%s is %s (%s)\n", u.Login, u.State, orNone(grantText(u.Grants)))
	return nil
}

type userDisableCmd struct {
	connection
	Login  string `arg:"" help:"Login or id."`
	Reason string `help:"Why, for the audit record." placeholder:"TEXT"`
}

// Run disables a user.
func (c *userDisableCmd) Run(w *world) error {
	state := access.Disabled
	return c.change(w, c.Login, access.UserChange{State: &state, Reason: c.Reason})
}

type userRemoveCmd struct {
	connection
	Login string `arg:"" help:"Login or id."`
}

// Run removes a user.
func (c *userRemoveCmd) Run(w *world) error {
	if err := c.call(w, http.MethodDelete, own("/users/"+esc(c.Login)), nil, nil); err != nil {
		return err
	}
	fmt.Fprintln(w.out, "removed", c.Login)
	return nil
}

type userPasswordCmd struct {
	connection
	Login         string `arg:"" help:"Login or id."`
	PasswordStdin bool   `help:"Read the password from standard input; without it one is made and printed."`
}

// Run sets a password.
func (c *userPasswordCmd) Run(w *world) error {
	in := access.PasswordChange{User: c.Login}
	var err error
	if c.PasswordStdin {
		if in.New, err = passwordFrom(w.in); err != nil {
			return err
		}
	}
	if c.Login == "" {
		return fault.New(fault.Invalid, `login "": want whose password to set`)
	}
	var n access.NewPassword
	if err := c.call(w, http.MethodPost, own("/password"), in, &n); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "the password of %s is set; it has to be changed at the next sign-in\n", c.Login)
	sayPassword(w, n.Password)
	return nil
}
