package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/score"
)

// limits bound what a client may ask for, and what all may together.
type limits struct {
	rows     int           // of a request
	bytes    int64         // of a request's body
	deadline time.Duration // of a request, waiting included
	running  int           // chunks of rows at the same time
	waiting  int           // requests that wait or run; more are refused
}

// chunk is how many rows are worked on at a time: between two of them others have a turn,
// and what is done is sent.
const chunk = 256

// slowest is how long after its deadline a client may take to read what there is.
const slowest = 10 * time.Second

// server answers questions about a model over HTTP. A model is safe for concurrent use, and
// the numbers of a request depend on nothing but what it asks.
type server struct {
	m       *score.Model
	limits  limits
	slots   chan struct{} // a token for each running chunk
	inside  atomic.Int64  // requests that wait or run
	metrics *metrics
	ending  atomic.Bool
}

func newServer(m *score.Model, l limits) *server {
	return &server{m: m, limits: l, slots: make(chan struct{}, l.running), metrics: newMetrics()}
}

// handler routes the verbs.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /model", s.describe)
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		s.metrics.write(w, len(s.slots), s.inside.Load())
	})
	for name, v := range verbs {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, name, v) })
	}
	return mux
}

// health tells whether requests are welcome: not any more once the server is ending, so
// that a balancer sends none.
func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	if s.ending.Load() {
		http.Error(w, "ending", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// describe says what rows the model has.
func (s *server) describe(w http.ResponseWriter, _ *http.Request) {
	frame := s.m.Frame()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that has gone is no concern
		"columns": s.m.Dim(), "shift": frame.Shift, "scale": frame.Scale, "metadata": s.m.Metadata, "impute": s.levels(),
	})
}

// levels reports whether the model has a noise level for every column, so that it can
// impute.
func (s *server) levels() bool {
	unknown := mat.NewDense(1, s.m.Dim(), nil)
	unknown.Apply(func(_, _ int, _ float64) float64 { return math.NaN() }, unknown)
	return s.m.Unconditional().CheckObserve(score.Observed{Values: unknown}) == nil
}

// answer reads a request, and streams the lines that the verb makes of it, a chunk of rows
// at a time.
func (s *server) answer(w http.ResponseWriter, r *http.Request, name string, v verb) {
	start, code, rows := time.Now(), http.StatusOK, 0
	defer func() { s.metrics.count(name, code, rows, time.Since(start)) }()
	refuse := func(status int, err error) {
		code = status
		http.Error(w, err.Error(), status)
	}

	if s.inside.Add(1) > int64(s.limits.waiting) {
		s.inside.Add(-1)
		w.Header().Set("Retry-After", "1")
		refuse(http.StatusTooManyRequests, fmt.Errorf("%d requests are waiting", s.limits.waiting))
		return
	}
	defer s.inside.Add(-1)
	ctx, cancel := context.WithTimeout(r.Context(), s.limits.deadline)
	defer cancel()

	q, err := readRequest(http.MaxBytesReader(w, r.Body, s.limits.bytes))
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		refuse(http.StatusRequestEntityTooLarge, err)
		return
	case err == nil:
		err = v.check(s, q)
	}
	if err != nil {
		refuse(http.StatusBadRequest, err)
		return
	}

	out := newStream(w, start.Add(s.limits.deadline+slowest))
	for rows < q.total() {
		n := min(chunk, q.total()-rows)
		lines, err := s.turn(ctx, func() ([]line, error) { return v.lines(ctx, s, q, rows, n) })
		if err != nil {
			code = statusOf(err)
			out.fail(code, err)
			return
		}
		if err := out.send(lines); err != nil { // the client has gone, or does not read
			code = statusOf(context.Canceled)
			return
		}
		rows += n
	}
	out.end(rows)
}

// turn does the work of one chunk when there is a slot for it.
func (s *server) turn(ctx context.Context, work func() ([]line, error)) ([]line, error) {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.slots }()
	return work()
}

// statusOf is the status of an error met while the answer was made.
func statusOf(err error) int {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	case errors.Is(err, context.Canceled):
		return 499 // the client has gone
	}
	return http.StatusInternalServerError
}
