package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/examples/internal/field"
	"github.com/gradlogp/gradlogp/examples/internal/toy"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

// measure trains a model with the defaults and compares it with the truth.
func (j *job) measure(ctx context.Context, t toy.Toy, seed uint64, stderr io.Writer) (verdict, error) {
	var v verdict
	config := score.Config{Seed: seed}
	settings := score.Settings{Steps: j.steps, Workers: j.workers, Seed: seed, BFloat16: j.order}
	j.follow(&config, &settings)
	if j.pool > 0 {
		settings.References, settings.Pool.Rows = 0, j.pool
	}
	j.optimizer(&settings)
	m, err := score.New(2, &config)
	if err != nil {
		return v, err
	}
	progress := bar.New(stderr, j.steps)
	settings.Recorder = progress
	fmt.Fprintf(stderr, "%s, seed %d\n", t.Name, seed)
	start := time.Now()
	var data score.Data = score.Draws(2, t.Open)
	if j.rows > 0 {
		if data, err = score.Rows(dataset.Sample(t.Open(rand.NewPCG(seed, 4)), j.rows), nil); err != nil {
			return v, err
		}
	}
	if j.heldOut > 0 {
		if settings.Validation.Data, err = score.Rows(dataset.Sample(t.Open(rand.NewPCG(seed, 5)), j.heldOut), nil); err != nil {
			return v, err
		}
	}
	result, err := score.Fit(ctx, m, data, &settings)
	if j.again && err == nil {
		m, err = j.onceMore(ctx, result, config, settings, data)
	}
	v.seconds = time.Since(start).Seconds()
	progress.Close()
	if err != nil {
		return v, err
	}

	law := t.Open(rand.NewPCG(0, 2)) // the same rows for all seeds
	if v.bound, err = score.KLBound(m, dataset.Sample(law, 1200), law.Diffuse, 0); err != nil {
		return v, err
	}
	v.excess = excess(m, law)
	if v.gap, v.gapErr, err = gap(ctx, m, law, j.n, j.workers); err != nil {
		return v, err
	}

	x := mat.NewDense(j.n, 2, nil)
	problem := m.Problem()
	if err := sampler.Sample(ctx, x, problem, sampler.Default(m.Process()), &sampler.Settings{Seed: seed, Workers: j.workers}); err != nil {
		return v, err
	}
	judge := t.NewJudge(j.n, seed)
	s := judge.Score(x)
	v.off, v.sw2, v.c2st, v.modeTV = s.OffSupport, s.SW2, judge.C2ST(x), t.ModeTV(x)
	return v, nil
}

// onceMore trains a second model on all rows.
func (j *job) onceMore(ctx context.Context, first *score.Result, config score.Config, settings score.Settings, data score.Data) (*score.Model, error) {
	again, err := first.Again(&settings)
	if err != nil {
		return nil, err
	}
	m, err := score.New(2, &config)
	if err != nil {
		return nil, err
	}
	again.Recorder = settings.Recorder
	_, err = score.Fit(ctx, m, data, again)
	return m, err
}

// excess returns E‖ε_net − ε_exact‖², by which the loss of the noise exceeds
// the best there is, over the distribution of the training times: 64 levels at its
// quantiles, 64 rows each.
func excess(m *score.Model, law dataset.Diffusible) float64 {
	const levels, rows = 64, 64
	rng := rand.New(rand.NewPCG(0, 3))
	scale := m.Frame().Scale
	var sum float64
	for k := range levels {
		t := score.LogNormal{}.Quantile(m.Process(), (float64(k)+0.5)/levels)
		α, σ := m.Process().Kernel(t)
		σ *= scale[0] / α // in the data's units
		x := dataset.Sample(law, rows)
		x.Apply(func(_, _ int, v float64) float64 { return v + σ*rng.NormFloat64() }, x)
		s := field.Score(m, x, σ)
		noisy := law.Diffuse(1, σ)
		for i := range rows {
			truth := noisy.ScoreInput(nil, x.RawRowView(i)) // ε = −σ∇log p
			d := math.Hypot(s.At(i, 0)-truth[0], s.At(i, 1)-truth[1])
			sum += σ * σ * d * d
		}
	}
	return sum / (levels * rows)
}
