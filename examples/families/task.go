package main

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/examples/internal/toy"
	"github.com/gradlogp/gradlogp/score"
)

// task is a law to be learned, and what models of it are judged by.
type task struct {
	name   string
	dim    int
	setup  func(j *job) *setup
	test   *mat.Dense // rows of which the nats are taken
	truth  *mat.Dense // true draws
	judge  func(x *mat.Dense) (off, c2st, sw2 float64)
	limits [2]float64 // of the picture, for toys
	// logProb is the true log-density: a perfect model has 0 nats. Of a table it is
	// not known and taken as 0, so that nats are those of the model.
	logProb func(x []float64) float64
}

// measured is the number of rows that shifts and scales are taken from.
const measured = 10000

// open returns the task of a name.
func (j *job) open(name string) (*task, error) {
	if name == "storms" {
		return j.openStorms()
	}
	kind, err := toy.Named(name)
	if err != nil {
		return nil, err
	}
	law := kind.Open(rand.NewPCG(j.seed, 6))
	test := dataset.Sample(law, max(j.n/5, 20))
	judge := kind.NewJudge(j.n, j.seed)
	return &task{
		name: name, dim: 2, test: test, truth: dataset.Sample(law, j.n), logProb: law.LogProb, limits: [2]float64{-2.6, 2.6},
		setup: func(j *job) *setup {
			rows := dataset.Sample(kind.Open(rand.NewPCG(j.seed, 7)), measured)
			return newSetup(score.Draws(2, kind.Open), rows, j.batch, j.workers, j.seed)
		},
		judge: func(x *mat.Dense) (off, c2st, sw2 float64) {
			s := judge.Score(x)
			return s.OffSupport, judge.C2ST(x), s.SW2
		},
	}, nil
}

// openStorms has the held-out rows for true draws; as many samples are compared with them.
func (j *job) openStorms() (*task, error) {
	parts, err := readStorms(j.storms)
	if err != nil {
		return nil, err
	}
	scale := newSetup(nil, parts[0].all(j.stream(7)), j.batch, j.workers, j.seed)
	test := parts[2].all(j.stream(6))
	standardised := func(x *mat.Dense) *mat.Dense {
		var y mat.Dense
		y.Apply(func(_, k int, v float64) float64 { return (v - scale.mean[k]) / scale.deviation[k] }, x)
		return &y
	}
	n, d := test.Dims()
	truth, directions := standardised(test), twosample.Directions(64, d, 0)
	return &task{
		name: "storms", dim: d, test: test, truth: test,
		logProb: func([]float64) float64 { return -scale.logVolume() },
		setup: func(j *job) *setup {
			s := newSetup(parts[0], parts[0].all(j.stream(7)), j.batch, j.workers, j.seed)
			s.held = parts[1]
			return s
		},
		judge: func(x *mat.Dense) (off, c2st, sw2 float64) {
			y := standardised(x.Slice(0, min(n, x.RawMatrix().Rows), 0, d).(*mat.Dense))
			return math.NaN(), twosample.C2STNeighbours(y, truth, 15), twosample.SlicedW2(y, truth, directions)
		},
	}, nil
}

// panel shows samples.
func (t *task) panel(title string, x *mat.Dense) figure.Panel {
	n := min(1500, x.RawMatrix().Rows)
	return figure.Panel{Title: title, XLim: t.limits, YLim: t.limits, Layers: []figure.Layer{figure.Points{X: x.Slice(0, n, 0, 2), Color: figure.Red}}}
}
