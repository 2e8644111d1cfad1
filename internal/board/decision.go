package board

// DecisionPoint is one datapoint of the evaluation range.
type DecisionPoint struct {
	End      int64  `json:"end"`
	Value    Number `json:"value"`
	Good     Number `json:"good"`
	Total    Number `json:"total"`
	Coverage Number `json:"coverage"`
	Missing  string `json:"missing"`
	Detail   string `json:"detail"`
	Display  string `json:"display"`
	Band     string `json:"band" enum:"red,yellow,none,missing" doc:"The band that the value lies in by the thresholds in force now"`
}

// Band is one band's state before and after and how it came about.
type Band struct {
	Before    string `json:"before" enum:"insufficient,ok,alarm"`
	After     string `json:"after" enum:"insufficient,ok,alarm"`
	Rule      string `json:"rule" example:"3 of 3 > 3%"`
	Breaching int    `json:"breaching"`
	Real      int    `json:"real"`
	Filled    int    `json:"filled"`
	Treatment string `json:"treatment"`
	Note      string `json:"note"`
}

// Receipt is what became of one message to people.
type Receipt struct {
	ID          string            `json:"id"`
	At          int64             `json:"at"`
	KPI         string            `json:"kpi"`
	Group       map[string]string `json:"group"`
	Receiver    string            `json:"receiver"`
	Integration string            `json:"integration"`
	Status      string            `json:"status" enum:"sent,failed,silenced,inhibited,muted"`
	Error       string            `json:"error"`
	Attempt     int               `json:"attempt"`
	Firing      bool              `json:"firing"`
	Decision    string            `json:"decision"`
	Rule        string            `json:"rule" doc:"The route that matched"`
	MessageID   string            `json:"message_id"`
}

// Decision is the record of one transition: what was judged, with which points, and who was told.
type Decision struct {
	ID       string            `json:"id"`
	KPI      string            `json:"kpi"`
	Title    string            `json:"title"`
	Revision int               `json:"revision"`
	Group    map[string]string `json:"group"`
	From     string            `json:"from" enum:"green,yellow,red,grey"`
	FromWord string            `json:"from_word"`
	To       string            `json:"to" enum:"green,yellow,red,grey"`
	ToWord   string            `json:"to_word"`
	End      int64             `json:"end" doc:"End of the period judged"`
	At       int64             `json:"at" doc:"When it was judged"`
	Cause    string            `json:"cause" doc:"threshold, burn, recovered, no_data, retired or revision"`
	Sentence string            `json:"sentence"`
	Red      Band              `json:"red"`
	Yellow   Band              `json:"yellow"`
	Range    []DecisionPoint   `json:"range" doc:"The evaluation range, oldest first"`
	Budget   *Budget           `json:"budget"`
	Receipts []Receipt         `json:"receipts"`
}
