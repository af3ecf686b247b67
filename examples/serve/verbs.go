package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// verb is a question: check refuses a request before anything is done, lines makes the
// answer to the rows from, …, from+n−1 of one.
type verb struct {
	check func(s *server, q *request) error
	lines func(ctx context.Context, s *server, q *request, from, n int) ([]line, error)
}

var verbs = map[string]verb{
	"sample":  {checkSample, sample},
	"impute":  {checkImpute, impute},
	"score":   {checkScore, scores},
	"logprob": {checkLogProb, logProb},
}

// problem is what a request is about: the model, given the conditions, if any.
func (s *server) problem(q *request) sde.Problem {
	if q.cond == nil {
		return s.m.Problem()
	}
	return s.m.Given(q.cond).Problem()
}

// line is a row of an answer; null stands for a number that there is not.
type line struct {
	Row     int        `json:"row"`
	X       []*float64 `json:"x,omitempty"`
	Score   []*float64 `json:"score,omitempty"`
	LogProb *float64   `json:"logprob,omitempty"`
	Error   string     `json:"error,omitempty"`
}

// numbers makes a row of what JSON can say.
func numbers(row []float64) []*float64 {
	p := make([]*float64, len(row))
	for j := range row {
		if !math.IsNaN(row[j]) && !math.IsInf(row[j], 0) {
			p[j] = &row[j]
		}
	}
	return p
}

// rowErrors returns what went wrong with single rows, by row, or err itself when it is more
// than that.
func rowErrors(err error) (map[int]string, error) {
	if err == nil {
		return nil, nil
	}
	var rows sampler.RowErrors
	if !errors.As(err, &rows) {
		return nil, err
	}
	failed := map[int]string{}
	for _, e := range rows {
		failed[e.Row] = e.Error()
	}
	return failed, nil
}

func checkSample(s *server, q *request) error {
	return errors.Join(q.checkRows(s, false, false), q.checkCond(s))
}

// sample draws rows.
func sample(ctx context.Context, s *server, q *request, from, n int) ([]line, error) {
	x := mat.NewDense(n, s.m.Dim(), nil)
	p := s.problem(q)
	return s.drawn(ctx, q, x, p, sampler.Default(p.SDE), from, n)
}

// drawn draws the rows x of a problem.
func (s *server) drawn(ctx context.Context, q *request, x *mat.Dense, p sde.Problem, by sampler.Predictor, from, n int) ([]line, error) {
	settings := &sampler.Settings{Seed: q.Seed, FirstRow: q.First + from, Workers: 1}
	if p.Observed != nil {
		settings.FirstRow, settings.TotalRows = from, q.total() // of the rows that are known
		settings.Noise = later{noise.White{Seed: q.Seed}, q.First}
		settings.Grid = grid.Conditional(p.SDE, 2*grid.DefaultPoints)
	}
	failed, err := rowErrors(sampler.Sample(ctx, x, p, by, settings))
	lines := make([]line, n)
	for i := range lines {
		lines[i] = line{Row: q.First + from + i, X: numbers(x.RawRowView(i)), Error: failed[i]}
	}
	return lines, err
}

// later is the noise of rows that stand as many rows later in a whole run.
type later struct {
	noise.Source
	rows int
}

// Normal implements noise.Source.
func (l later) Normal(dst *mat.Dense, at noise.Draw) {
	at.Row += l.rows
	l.Source.Normal(dst, at)
}

func checkImpute(s *server, q *request) error {
	err := errors.Join(q.checkRows(s, true, true), q.checkCond(s))
	if err == nil {
		err = s.view(q).CheckObserve(score.Observed{Values: q.x})
	}
	return err
}

// view is the model under the conditions of a request.
func (s *server) view(q *request) *score.View {
	if q.cond == nil {
		return s.m.Unconditional()
	}
	return s.m.Given(q.cond)
}

// impute fills the gaps of rows by draws given what they have.
func impute(ctx context.Context, s *server, q *request, from, n int) ([]line, error) {
	p := s.view(q).Observe(score.Observed{Values: q.x}).Problem()
	return s.drawn(ctx, q, mat.NewDense(n, s.m.Dim(), nil), p, sampler.DPMpp2MSDE{}, from, n)
}

func checkScore(s *server, q *request) error {
	if err := errors.Join(q.checkRows(s, true, false), q.checkCond(s)); err != nil {
		return err
	}
	start, end := s.m.Process().Span()
	low, high := math.Exp(-sde.LogSNR(s.m.Process(), start)), math.Exp(-sde.LogSNR(s.m.Process(), end))
	if !(q.Noise >= low && q.Noise <= high) {
		return fmt.Errorf("noise: is %v, want a level from %.4g to %.4g", q.Noise, low, high)
	}
	return nil
}

// scores writes ∇ log p of the rows at a noise level, in the data's coordinates.
func scores(_ context.Context, s *server, q *request, from, n int) ([]line, error) {
	p, frame := s.m.Process(), s.m.Frame()
	t := sde.TimeAt(p, -math.Log(q.Noise))
	α, _ := p.Kernel(t)
	y := mat.DenseCopyOf(q.x.Slice(from, from+n, 0, s.m.Dim()))
	frame.ToModel(y, y)
	y.Scale(α, y)
	s.view(q).Score(y, y, []float64{t})
	lines := make([]line, n)
	for i := range lines {
		row := y.RawRowView(i)
		for j := range row {
			if row[j] *= α; frame.Scale != nil {
				row[j] /= frame.Scale[j]
			}
		}
		lines[i] = line{Row: q.First + from + i, Score: numbers(row)}
	}
	return lines, nil
}

func checkLogProb(s *server, q *request) error {
	return errors.Join(q.checkRows(s, true, false), q.checkCond(s))
}

// logProb writes the log-density of the rows, in nats.
func logProb(ctx context.Context, s *server, q *request, from, n int) ([]line, error) {
	x, logp := mat.DenseCopyOf(q.x.Slice(from, from+n, 0, s.m.Dim())), make([]float64, n)
	_, err := sampler.LogProb(ctx, logp, x, s.problem(q), &sampler.FlowSettings{Seed: q.Seed, FirstRow: q.First + from, Workers: 1})
	failed, err := rowErrors(err)
	lines := make([]line, n)
	for i := range lines {
		lines[i] = line{Row: q.First + from + i, LogProb: numbers(logp[i : i+1])[0], Error: failed[i]}
	}
	return lines, err
}
