package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/examples/internal/field"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/onnx"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/export"
	"github.com/gradlogp/gradlogp/sde"
)

// task is what the page asks to be learned. The same task gives the same numbers in every
// browser.
type task struct {
	data   string      // a toy's name, or drawn
	points [][]float64 // of drawn: x, y, class
	seed   uint64
	steps  int
}

// play is a model of points of the plane, in two classes, that learns in the page's sight.
type play struct {
	task
	model *score.Model
}

// view is what the page wants to see of the model: all classes (−1) or one, and that one with
// guidance.
type view struct {
	class    int
	guidance float64
}

// newPlay returns what has learned nothing yet. Its network is an energy, which gives the
// map beside the arrows, and small enough for a browser.
func newPlay(t task) (*play, error) {
	if t.steps < 1 {
		return nil, fmt.Errorf("%d steps: want at least 1", t.steps)
	}
	if _, err := t.open(0); err != nil {
		return nil, err
	}
	m, err := score.New(2, &score.Config{
		Net:  nn.RecipeEnergy(2, 32),
		Cond: score.Conditions{Classes: []int{2}},
		Seed: t.seed,
	})
	if err != nil {
		return nil, err
	}
	m.Metadata = map[string]string{"data": t.data}
	return &play{t, m}, nil
}

// open returns the task's data; streams are independent.
func (t *task) open(stream uint64) (law, error) {
	return open(t.data, t.points, rand.NewPCG(t.seed, stream))
}

// train makes the task's steps and tells each of them; an error of each ends the run.
func (p *play) train(each func(score.Metrics) error) error {
	data := score.Draws(3, func(src rand.Source) law {
		l, _ := open(p.data, p.points, src) // newPlay has opened it before
		return l
	})
	_, err := score.Fit(context.Background(), p.model, data.WithConditions(1), &score.Settings{
		Steps: p.steps, Batch: 64, DropCond: 0.3, Scaling: score.CommonScale, Seed: p.seed, Recorder: recorder(each),
	})
	return err
}

type recorder func(score.Metrics) error

// Record implements score.Recorder.
func (r recorder) Record(m score.Metrics) error { return r(m) }

// given returns the model under one class.
func (p *play) given(class int) *score.View {
	return p.model.Given(mat.NewDense(1, 1, []float64{float64(class)}))
}

// problem returns what is sampled for a view.
func (p *play) problem(v view) (sde.Problem, error) {
	if v.class < 0 {
		return p.model.Problem(), nil
	}
	return sde.Guide(p.given(v.class).Problem(), p.model.Problem(), v.guidance)
}

// The page shows data with noise σ in the coordinates u = x/√(1 + σ²), in which data stay
// what they are and noise stays in the picture, for u within ±extent.
const extent = 2.8

// mesh returns n×n points u, row by row from the top left, as x.
func mesh(n int, zoom float64) *mat.Dense {
	x := mat.NewDense(n*n, 2, nil)
	for i := range n {
		for j := range n {
			at := func(k int) float64 { return extent * zoom * (2*(float64(k)+0.5)/float64(n) - 1) }
			x.SetRow(i*n+j, []float64{at(j), -at(i)})
		}
	}
	return x
}

// energies returns −log p of the data with noise σ, up to a constant, on a mesh of n×n points.
func (p *play) energies(v view, σ, zoom float64, n int) []float64 {
	y, t, _ := field.ToModel(p.model, mesh(n, zoom), σ)
	all := make([]float64, n*n)
	p.model.Unconditional().Energy(all, y, []float64{t})
	if v.class >= 0 {
		one := make([]float64, n*n)
		p.given(v.class).Energy(one, y, []float64{t})
		for i, e := range one {
			all[i] += v.guidance * (e - all[i])
		}
	}
	return all
}

// arrows returns σ·score of the data with noise σ on a mesh of n×n points: minus the noise
// that the model sees there.
func (p *play) arrows(v view, σ, zoom float64, n int) (*mat.Dense, error) {
	problem, err := p.problem(v)
	if err != nil {
		return nil, err
	}
	y, t, slope := field.ToModel(p.model, mesh(n, zoom), σ)
	s := mat.DenseCopyOf(y)
	problem.Score.Score(s, y, []float64{t})
	s.Scale(σ*slope, s)
	return s, nil
}

// path is what points of the plane pass through on their way out of the noise: a matrix of
// rows x, y for each noise level.
type path struct {
	σ  []float64
	at []*mat.Dense
}

// walk collects the states of a run that starts from the rows of x, at the first time of the
// grid, or from noise when start is false.
func (p *play) walk(problem sde.Problem, pred sampler.Predictor, times []float64, x *mat.Dense, start bool) (path, error) {
	var w path
	run := sampler.Steps
	if start {
		run = sampler.StepsFrom
	}
	n, _ := x.Dims()
	scale := p.model.Frame().Scale[0]
	for s, err := range run(context.Background(), x, problem, pred, &sampler.Settings{Grid: times, Seed: p.seed}) {
		if err != nil {
			return path{}, err
		}
		row := mat.NewDense(n, 2, nil)
		s.Data(row, s.X)
		_, σ := problem.Kernel(s.At)
		w.σ, w.at = append(w.σ, σ*scale), append(w.at, row)
	}
	w.σ, w.at = append(w.σ, 0), append(w.at, x)
	return w, nil
}

// pathPoints is the number of noise levels of the paths that the page shows.
const pathPoints = 20

// samples returns the paths of n samples along the probability flow.
func (p *play) samples(v view, n int) (path, error) {
	problem, err := p.problem(v)
	if err != nil {
		return path{}, err
	}
	return p.walk(problem, sampler.Default(problem.SDE), grid.Default(problem.SDE, pathPoints), mat.NewDense(n, 2, nil), false)
}

// trace returns the path of one point from the noise level σ on.
func (p *play) trace(v view, x, y, σ float64) (path, error) {
	problem, err := p.problem(v)
	if err != nil {
		return path{}, err
	}
	t := σ / p.model.Frame().Scale[0] // the time of EDM is its σ
	times := grid.StartAt(grid.Default(problem.SDE, pathPoints), t)
	return p.walk(problem, sampler.Default(problem.SDE), times, mat.NewDense(1, 2, []float64{x, y}), true)
}

// file returns the model as a safetensors file, which score.Open reads.
func (p *play) file() ([]byte, error) {
	var b bytes.Buffer
	err := p.model.Save(&b)
	return b.Bytes(), err
}

// graph returns an ONNX file that turns noise into samples of a view, as samples does.
func (p *play) graph(v view) ([]byte, error) {
	problem, err := p.problem(v)
	if err != nil {
		return nil, err
	}
	g, err := export.Sampler(problem, sampler.Default(problem.SDE), &sampler.Settings{Grid: grid.Default(problem.SDE, pathPoints)}, nil)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = onnx.Export(&b, g)
	return b.Bytes(), err
}
