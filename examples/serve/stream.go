package main

import (
	"encoding/json"
	"net/http"
	"time"
)

// stream writes an answer as lines of JSON, NDJSON. The last line says how many rows there
// were, or what went wrong, so that a client knows a whole answer from one that broke off.
type stream struct {
	w     http.ResponseWriter
	json  *json.Encoder
	begun bool
}

// newStream makes one that gives up on a client who does not read in time.
func newStream(w http.ResponseWriter, deadline time.Time) *stream {
	_ = http.NewResponseController(w).SetWriteDeadline(deadline) // where there is none to set, none is kept
	return &stream{w: w, json: json.NewEncoder(w)}
}

// send sends rows at once. Its error is that of a client who has gone.
func (s *stream) send(lines []line) error {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", "application/x-ndjson")
	}
	for _, l := range lines {
		if err := s.json.Encode(l); err != nil {
			return err
		}
	}
	return http.NewResponseController(s.w).Flush()
}

// last is the last line.
type last struct {
	Rows  *int   `json:"rows,omitempty"`
	Error string `json:"error,omitempty"`
}

func (s *stream) end(rows int) { _ = s.json.Encode(last{Rows: &rows}) }

// fail ends the answer with an error: by the status, if nothing has been sent, and by the
// last line otherwise.
func (s *stream) fail(status int, err error) {
	if !s.begun {
		http.Error(s.w, err.Error(), status)
		return
	}
	_ = s.json.Encode(last{Error: err.Error()})
}
