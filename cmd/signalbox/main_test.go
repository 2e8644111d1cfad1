package main

import (
	"context"
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata/script")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"signalbox": func() {
			os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
		},
	})
}

// TestScripts runs testdata/script: each line of a script is a command line with what it prints. The server's answers were
// recorded from a running demo (testdata/answers).
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			s := httptest.NewServer(&recorded{requests: filepath.Join(e.WorkDir, "requests.txt")})
			e.Defer(s.Close)
			e.Setenv("SIGNALBOX_SERVER", s.URL)
			e.Setenv("SIGNALBOX_ADMIN_TOKEN", "the-token")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// usage runs a command that must end with exit code 2: wrong usage.
			"usage": func(ts *testscript.TestScript, _ bool, args []string) {
				if err := ts.Exec(args[0], args[1:]...); err == nil || !strings.Contains(err.Error(), "exit status 2") {
					ts.Fatalf("want exit status 2, got %v", err)
				}
			},
		},
	})
}

// A light is a shape and a word; colour is added on a terminal only and takes no room in a table, and no other control
// character of a stranger reaches the terminal.
func TestLight(t *testing.T) {
	w := &world{colour: true}
	require.Equal(t, "\x1b[31m✗ Breached\x1b[0m", light(w, "red", "Breached"))
	require.Equal(t, "✗ Breached", light(&world{}, "red", "Breached"))
	require.Equal(t, "○ No data", light(&world{}, "grey", "No data"))
	require.Equal(t, 10, seen(light(w, "red", "Breached")))
	require.False(t, colourful(os.Stdout, []string{"NO_COLOR=1"}))
	require.False(t, colourful(io.Discard, nil))

	var b strings.Builder
	printTable(plain{&b}, table{{"A", "B"}, {light(w, "red", "Breached"), "x\x1b[2Jy\r\n\x07\u009bz"}})
	require.Equal(t, "A           B\n\x1b[31m✗ Breached\x1b[0m  x[2Jy z\n", b.String())
}

// A token found on the disk is for this machine's server only.
func TestTokenStaysHome(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "admin.token"), []byte("home\n"), 0o600))
	for server, want := range map[string]string{
		"http://127.0.0.1:9700": "home", "http://localhost:9700": "home", "http://[::1]:9700": "home",
		"https://signalbox.irs.example": "", "http://10.0.0.1:9700": "", "http://127.0.0.1.evil.example": "", "://": "",
	} {
		c := connection{Server: server, Data: dir}
		require.Equal(t, want, c.token(), server)
		c.Token = "given"
		require.Equal(t, "given", c.token(), server)
	}
}
