package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/digits"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// film follows samples of each class from noise to images, with what the network makes
// of them at each moment beside them.
func (j *job) film(m *score.Model, f digits.Format) (*figure.Animation, error) {
	const lines, highest = 4, 10 // noise levels above are all noise
	s := f.Blank(lines * min(f.Classes, shown))
	for i := range s.Len() {
		s.Labels.Set(i, 0, float64(i%min(f.Classes, shown)))
	}
	p, settings, err := j.problem(m, s)
	if err != nil {
		return nil, err
	}
	a := &figure.Animation{Width: 520, Height: 136, Delay: 120 * time.Millisecond, Pause: 2500 * time.Millisecond, Colors: 8}
	for step, err := range sampler.Steps(context.Background(), s.X, p, method, settings) {
		if err != nil {
			return nil, err
		}
		α, σ := p.Kernel(step.At)
		if σ > highest*α {
			continue
		}
		d, err := step.Denoised()
		if err != nil {
			return nil, err
		}
		now, end := s, s
		now.X, end.X = mat.NewDense(s.Len(), s.Pixels(), nil), mat.NewDense(s.Len(), s.Pixels(), nil)
		now.X.Scale(1/math.Hypot(α, σ), step.X) // so that noise is as wide as the data
		step.Data(now.X, now.X)
		step.Data(end.X, d)
		a.Frames = append(a.Frames, [][]figure.Panel{{
			panel(now, fmt.Sprintf("state, σ/α = %.2f", σ/α)), panel(end, "denoised"),
		}})
	}
	return a, nil
}
