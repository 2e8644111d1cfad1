// Package test holds what can only be seen on the whole house: its floors, and the built binary at work.
package test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/signalbox/signalbox/"

// floors lists the rooms from the ground up. A room imports rooms of lower floors only; rooms on one floor never import
// each other.
var floors = [][]string{
	{"kpi", "fault"},
	{"policy", "audit", "metricstore", "rowstore", "statestore", "egress"},
	{"gate", "access", "privacy", "ledger"},
	{"scrape", "receive", "hostagent", "probe", "evaluate", "usage", "rules", "alert", "board", "govern", "export"},
	{"api", "promapi", "amapi", "demo"},
	{"app"},
}

// floorOf returns the room and floor of a package path; ok is false for packages outside internal/.
func floorOf(path string) (room string, floor int, ok bool) {
	rest, inside := strings.CutPrefix(path, module+"internal/")
	if !inside {
		return "", 0, false
	}
	room, _, _ = strings.Cut(rest, "/")
	for i, rooms := range floors {
		if slices.Contains(rooms, room) {
			return room, i, true
		}
	}
	return room, -1, true
}

func TestImportsGoDownTheStairsOnly(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "../...").Output()
	require.NoError(t, err)
	drawing := map[int][]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		room, floor, inside := floorOf(p.ImportPath)
		if inside && floor < 0 {
			t.Errorf("%s: the room %q stands on no floor; give it one here and in docs/architecture.md", p.ImportPath, room)
			continue
		}
		if inside && !slices.Contains(drawing[floor], room) {
			drawing[floor] = append(drawing[floor], room)
		}
		for _, im := range p.Imports {
			other, below, ok := floorOf(im)
			switch {
			case !ok && strings.HasPrefix(im, module+"cmd/"):
				t.Errorf("%s imports %s: nobody imports a command", p.ImportPath, im)
			case !ok || !inside && !strings.HasPrefix(p.ImportPath, module+"emit"):
			case !inside:
				t.Errorf("%s imports %s: applications import emit, and it must bring no room along", p.ImportPath, im)
			case other != room && below == floor:
				t.Errorf("%s imports %s: rooms on one floor meet through app", p.ImportPath, im)
			case below > floor:
				t.Errorf("%s (floor %d) imports %s (floor %d): imports go down the stairs only", p.ImportPath, floor, im, below)
			}
		}
	}
	for i := len(floors) - 1; i >= 0; i-- {
		slices.Sort(drawing[i])
		fmt.Printf("floor %d  %s\n", i, strings.Join(drawing[i], " "))
	}
}
