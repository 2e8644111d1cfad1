package amapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client"
	alertop "github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/client/alertgroup"
	"github.com/prometheus/alertmanager/api/v2/client/general"
	"github.com/prometheus/alertmanager/api/v2/client/receiver"
	silenceop "github.com/prometheus/alertmanager/api/v2/client/silence"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/alert"
	"github.com/signalbox/signalbox/internal/amapi"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/statestore"
)

type house struct {
	room   *alert.Alert
	db     *statestore.DB
	server *httptest.Server
	client *client.AlertmanagerAPI
}

const patience = time.Minute

// open serves the door over a running room whose receiver is a webhook that counts.
func open(t *testing.T) (*house, chan string) {
	t.Helper()
	came := make(chan string, 1000)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		came <- string(b)
	}))
	t.Cleanup(hook.Close)
	cfg, err := config.Load("global: {resolve_timeout: 7m, smtp_smarthost: 'mail.example:25', smtp_from: a@b.example, smtp_auth_password: hunter2}\n" +
		"route: {receiver: hook, group_wait: 0s, group_by: [alertname]}\nreceivers: [{name: hook, webhook_configs: [{url: '" + hook.URL + "'}]}]\n")
	require.NoError(t, err)
	db, err := statestore.Open(filepath.Join(t.TempDir(), "state.db"), false)
	require.NoError(t, err)
	reg := prometheus.NewRegistry()
	log := slog.New(slog.DiscardHandler)
	room, err := alert.New(t.Context(), alert.Options{Config: cfg, State: db, Registerer: reg, Logger: log})
	require.NoError(t, err)
	door, err := amapi.New(amapi.Options{Alert: room, Registerer: reg, Logger: log})
	require.NoError(t, err)
	mux := http.NewServeMux()
	for _, r := range door.Routes() {
		mux.Handle(r.Method+" "+r.Pattern, r.Handler)
	}
	h := &house{room: room, db: db, server: httptest.NewServer(mux)}
	h.client = client.NewHTTPClientWithConfig(strfmt.Default, client.DefaultTransportConfig().WithHost(strings.TrimPrefix(h.server.URL, "http://")))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- room.Run(ctx) }()
	t.Cleanup(func() {
		h.server.Close()
		cancel()
		require.NoError(t, <-done)
		_ = db.Close()
	})
	return h, came
}

func (h *house) push(t *testing.T, l models.LabelSet) {
	t.Helper()
	_, err := h.client.Alert.PostAlerts(alertop.NewPostAlertsParamsWithContext(t.Context()).WithAlerts(models.PostableAlerts{
		{Alert: models.Alert{Labels: l}, Annotations: models.LabelSet{"summary": "full"}},
	}))
	require.NoError(t, err)
}

func (h *house) silence(t *testing.T, name, value string) string {
	t.Helper()
	start, end := strfmt.DateTime(time.Now()), strfmt.DateTime(time.Now().Add(time.Hour))
	by, comment, no, yes := "ann", "release", false, true
	ok, err := h.client.Silence.PostSilences(silenceop.NewPostSilencesParamsWithContext(t.Context()).WithSilence(&models.PostableSilence{
		Silence: models.Silence{StartsAt: &start, EndsAt: &end, CreatedBy: &by, Comment: &comment, Matchers: models.Matchers{{Name: &name, Value: &value, IsRegex: &no, IsEqual: &yes}}}}))
	require.NoError(t, err)
	return ok.Payload.SilenceID
}

func (h *house) alerts(t *testing.T) models.GettableAlerts {
	t.Helper()
	got, err := h.client.Alert.GetAlerts(alertop.NewGetAlertsParamsWithContext(t.Context()))
	require.NoError(t, err)
	return got.Payload
}

// TestClient walks the whole API with Alertmanager's own client.
func TestClient(t *testing.T) {
	h, came := open(t)
	before := time.Now()
	h.push(t, models.LabelSet{"alertname": "DiskFull", "host": "db1"})
	select {
	case b := <-came:
		require.Contains(t, b, `"DiskFull"`)
	case <-time.After(patience):
		t.Fatal("the alert was not delivered")
	}
	got := h.alerts(t)
	require.Len(t, got, 1)
	require.Equal(t, "active", *got[0].Status.State)
	require.Equal(t, "hook", *got[0].Receivers[0].Name)
	ends := time.Time(*got[0].EndsAt)
	require.WithinRange(t, ends, before.Add(7*time.Minute-time.Second), time.Now().Add(7*time.Minute+time.Second), "left out, it ends after resolve_timeout")

	require.NoError(t, h.room.Signal(t.Context(), []kpi.PageSignal{{KPI: &kpi.KPI{Name: "efile-error-rate", Unit: "percent", Page: &kpi.Page{Severity: "page"}},
		Group: labels.FromStrings("service", "mef"), Firing: true, Since: before.UnixMilli(), Last: kpi.Point{Value: 0.05}}}))
	<-came
	groups, err := h.client.Alertgroup.GetAlertGroups(alertgroup.NewGetAlertGroupsParamsWithContext(t.Context()))
	require.NoError(t, err)
	require.Len(t, groups.Payload, 2)
	filtered, err := h.client.Alert.GetAlerts(alertop.NewGetAlertsParamsWithContext(t.Context()).WithFilter([]string{`kpi="efile-error-rate"`}))
	require.NoError(t, err)
	require.Len(t, filtered.Payload, 1)
	require.Equal(t, models.LabelSet{"alertname": "efile-error-rate", "kpi": "efile-error-rate", "service": "mef", "severity": "page"}, filtered.Payload[0].Labels)

	id := h.silence(t, "host", "db1")
	one, err := h.client.Silence.GetSilence(silenceop.NewGetSilenceParamsWithContext(t.Context()).WithSilenceID(strfmt.UUID(id)))
	require.NoError(t, err)
	require.Equal(t, "active", *one.Payload.Status.State)
	for _, x := range h.alerts(t) {
		if x.Labels["host"] == "db1" {
			require.Equal(t, []string{id}, x.Status.SilencedBy)
			require.Equal(t, "suppressed", *x.Status.State)
		}
	}
	_, err = h.client.Silence.DeleteSilence(silenceop.NewDeleteSilenceParamsWithContext(t.Context()).WithSilenceID(strfmt.UUID(id)))
	require.NoError(t, err)
	all, err := h.client.Silence.GetSilences(silenceop.NewGetSilencesParamsWithContext(t.Context()))
	require.NoError(t, err)
	require.Len(t, all.Payload, 1)
	require.Equal(t, "expired", *all.Payload[0].Status.State)
	_, err = h.client.Silence.DeleteSilence(silenceop.NewDeleteSilenceParamsWithContext(t.Context()).WithSilenceID("7e9a7b1c-0000-4000-8000-000000000000"))
	require.Error(t, err)

	receivers, err := h.client.Receiver.GetReceivers(receiver.NewGetReceiversParamsWithContext(t.Context()))
	require.NoError(t, err)
	require.Equal(t, "hook", *receivers.Payload[0].Name)
	status, err := h.client.General.GetStatus(general.NewGetStatusParamsWithContext(t.Context()))
	require.NoError(t, err)
	require.Equal(t, "disabled", *status.Payload.Cluster.Status)
	require.Contains(t, *status.Payload.Config.Original, "resolve_timeout: 7m")
	require.NotContains(t, *status.Payload.Config.Original, "hunter2")
}

// TestReceiversFollowReload: the API shows the configuration in force.
func TestReceiversFollowReload(t *testing.T) {
	h, _ := open(t)
	c, err := config.Load("route: {receiver: other}\nreceivers: [{name: other}]\n")
	require.NoError(t, err)
	require.NoError(t, h.room.ApplyConfig(c))
	receivers, err := h.client.Receiver.GetReceivers(receiver.NewGetReceiversParamsWithContext(t.Context()))
	require.NoError(t, err)
	require.Equal(t, "other", *receivers.Payload[0].Name)
	require.NoError(t, h.room.ApplyConfig(nil))
	_, err = h.client.General.GetStatus(general.NewGetStatusParamsWithContext(t.Context()))
	require.NoError(t, err)
}

// TestNotWritten: what could not be written is answered 500, the alert and the silence alike.
func TestNotWritten(t *testing.T) {
	h, _ := open(t)
	id := h.silence(t, "host", "db1")
	require.NoError(t, h.db.Close())
	post := func(method, path, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, h.server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(b)
	}
	sil := fmt.Sprintf(`{"matchers":[{"name":"a","value":"b","isRegex":false}],"startsAt":%q,"endsAt":%q,"createdBy":"x","comment":"y"}`,
		time.Now().Format(time.RFC3339), time.Now().Add(time.Hour).Format(time.RFC3339))
	code, body := post(http.MethodPost, "/api/v2/silences", sil)
	require.Equal(t, http.StatusInternalServerError, code)
	var sentence string
	require.NoError(t, json.Unmarshal([]byte(body), &sentence))
	require.Contains(t, sentence, "could not be written")
	for range 2 { // the second time the silence has ended already, and is still not written
		code, _ = post(http.MethodDelete, "/api/v2/silence/"+id, "")
		require.Equal(t, http.StatusInternalServerError, code)
	}
	code, _ = post(http.MethodPost, "/api/v2/alerts", `[{"labels":{"alertname":"x"}}]`)
	require.Equal(t, http.StatusInternalServerError, code)
	code, _ = post(http.MethodPost, "/api/v2/silences", strings.Repeat(" ", 17<<20))
	require.Equal(t, http.StatusRequestEntityTooLarge, code)
	code, _ = post(http.MethodPost, "/api/v2/alerts", `{"labels":`)
	require.Equal(t, http.StatusBadRequest, code)
}

// TestSilencesAtOnce: many silences at once are each durable or refused.
func TestSilencesAtOnce(t *testing.T) {
	h, _ := open(t)
	done := make(chan string, 20)
	for i := range 20 {
		go func() { done <- h.silence(t, "n", fmt.Sprint(i)) }()
	}
	ids := map[string]bool{}
	for range 20 {
		ids[<-done] = true
	}
	require.Len(t, ids, 20)
	var kept int
	require.NoError(t, h.db.SQL().QueryRow(`SELECT count(*) FROM silence`).Scan(&kept))
	require.Equal(t, 20, kept)
}

// TestAmtool runs amtool's own commands against the door. It builds amtool, whose command line library is none of ours, and
// therefore runs only with SIGNALBOX_LONG=1.
func TestAmtool(t *testing.T) {
	if os.Getenv("SIGNALBOX_LONG") == "" {
		t.Skip("builds amtool; set SIGNALBOX_LONG=1")
	}
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "install", "github.com/prometheus/alertmanager/cmd/amtool@v0.34.2")
	build.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	h, _ := open(t)
	amtool := func(args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), filepath.Join(bin, "amtool"), append([]string{"--alertmanager.url=" + h.server.URL, "--no-version-check"}, args...)...)
		c.Env = append(os.Environ(), "HOME="+t.TempDir())
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	amtool("alert", "add", "alertname=DiskFull", "host=db1", "--annotation=summary=full")
	require.Contains(t, amtool("alert", "query"), "DiskFull")
	id := strings.TrimSpace(amtool("silence", "add", "--author=ann", "--comment=release", "--duration=1h", "host=db1"))
	require.Contains(t, amtool("silence", "query"), id)
	require.NotContains(t, amtool("alert", "query", "--active"), "\nDiskFull")
	require.Contains(t, amtool("alert", "query", "--silenced"), "DiskFull")
	amtool("silence", "expire", id)
	require.NotContains(t, amtool("silence", "query"), id)
	require.Contains(t, amtool("config", "show"), "receiver: hook")
	require.Contains(t, amtool("config", "routes", "test", "alertname=DiskFull"), "hook")
	require.Len(t, h.room.Active(t.Context()), 1)
	require.Equal(t, model.LabelValue("db1"), h.room.Active(t.Context())[0].Labels["host"])
}
