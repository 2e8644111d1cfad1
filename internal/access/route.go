package access

import "net/http"

// Action is what a request wants to do; roles are sets of actions.
type Action string

// The actions that routes ask for.
const (
	Open          Action = "open"           // health only: no sign-in
	SignIn        Action = "sign_in"        // the sign-in page itself
	ReadSignals   Action = "read_signals"   // query samples, series, targets
	WriteSignals  Action = "write_signals"  // push samples; loopback may without a token
	ReadKPIs      Action = "read_kpis"      // KPIs, lights, decisions
	ReadAlerts    Action = "read_alerts"    // alerts, silences, receivers
	WriteAlerts   Action = "write_alerts"   // push alerts
	WriteSilences Action = "write_silences" // create and expire silences
	Operate       Action = "operate"        // reload, test a receiver, the demo's switch
)

// Route is one thing that a room serves. Pattern is a net/http ServeMux pattern without the method; Method empty means any.
// App mounts all rooms' routes behind one middleware, so the role matrix is derived from the one table they form.
type Route struct {
	Method  string
	Pattern string
	Action  Action
	Handler http.Handler
}
