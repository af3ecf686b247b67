// Command serve answers questions about a model over HTTP: it draws rows, fills gaps,
// and says what score and density rows have. With -load it loads itself with clients and
// prints what they waited for, with -shards it shares the rows of a run among several
// processes and compares the bits with those of one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"time"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

func main() { command.Main("serve", &job{}) }

// job is what the flags ask for.
type job struct {
	model, address string
	limits         limits
	grace          time.Duration
	load           time.Duration
	shards, steps  int
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.StringVar(&j.model, "model", "", "file of a model; without one, two moons are learned first")
	f.StringVar(&j.address, "address", "localhost:8080", "address to listen at; port 0 for any")
	f.IntVar(&j.limits.rows, "rows", 100_000, "most rows of a request")
	f.Int64Var(&j.limits.bytes, "bytes", 16<<20, "most bytes of a request's body")
	f.DurationVar(&j.limits.deadline, "deadline", time.Minute, "longest time that a request may wait and run")
	f.IntVar(&j.limits.running, "running", runtime.GOMAXPROCS(0), "chunks of rows that are worked on at the same time")
	f.IntVar(&j.limits.waiting, "waiting", 256, "requests that wait or run; more are refused")
	f.DurationVar(&j.grace, "grace", 10*time.Second, "time that running requests are given at the end")
	f.DurationVar(&j.load, "load", 0, "load the server with 1, 4, 16 and 64 clients for so long each, and end")
	f.IntVar(&j.shards, "shards", 0, "share a run among so many processes, compare, and end")
	f.IntVar(&j.steps, "steps", 1000, "training steps of a model that is learned first")
}

// Check implements command.Job.
func (j *job) Check() error {
	l := j.limits
	switch {
	case l.rows < 1 || l.bytes < 1 || l.running < 1 || l.waiting < 1:
		return fmt.Errorf("-rows %d, -bytes %d, -running %d, -waiting %d: want at least 1", l.rows, l.bytes, l.running, l.waiting)
	case l.deadline <= 0 || j.grace < 0 || j.load < 0:
		return fmt.Errorf("-deadline %v, -grace %v, -load %v: want a time, and more than none for the first", l.deadline, j.grace, j.load)
	case j.shards < 0 || j.shards > 64 || j.steps < 1:
		return fmt.Errorf("-shards %d, -steps %d: want up to 64, and at least 1", j.shards, j.steps)
	case j.shards > 0 && j.load > 0:
		return errors.New("-shards and -load: want one of them")
	}
	return nil
}

// Run implements command.Job.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	m, err := j.open(ctx)
	if err != nil {
		return err
	}
	if j.shards > 0 {
		return j.share(ctx, m, stdout)
	}
	listener, err := net.Listen("tcp", j.address)
	if err != nil {
		return err
	}
	s := newServer(m, j.limits)
	if j.load > 0 {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		served := make(chan error, 1)
		go func() { served <- s.serve(ctx, listener, j.grace, slog.New(slog.DiscardHandler)) }()
		err := load(ctx, "http://"+listener.Addr().String(), s, j.load, stdout)
		stop()
		return errors.Join(err, <-served)
	}
	// Other programs read the address here.
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())
	return s.serve(ctx, listener, j.grace, slog.New(slog.NewTextHandler(stderr, nil)))
}

// open returns the model of the file, or one that is learned now.
func (j *job) open(ctx context.Context) (*score.Model, error) {
	if j.model != "" {
		return score.Open(j.model)
	}
	m, err := score.New(2, &score.Config{ColumnLevels: true, Net: nn.RecipeColumns(2, 64)})
	if err != nil {
		return nil, err
	}
	_, err = score.Fit(ctx, m, score.Draws(2, dataset.NewMoons), &score.Settings{Steps: j.steps, Batch: 256})
	return m, err
}

// serve answers requests until the context ends, and then lets those that are running end,
// for a grace.
func (s *server) serve(ctx context.Context, l net.Listener, grace time.Duration, log *slog.Logger) error {
	h := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: s.limits.deadline, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		s.ending.Store(true)
		log.Info("ending", "requests", s.inside.Load())
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		err := h.Shutdown(limit)
		if err != nil {
			_ = h.Close() // of what the grace was too short for
			err = fmt.Errorf("%d requests were cut off: %w", s.inside.Load(), err)
		}
		ended <- err
	})
	log.Info("serving", "address", l.Addr().String())
	err := h.Serve(l)
	if stop() { // it did not begin to end: something else is wrong
		return err
	}
	return <-ended
}
