package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// film follows samples of each class from noise to images, with what the network makes
// of them at each moment beside them.
func (j *job) film(m *score.Model, f format) (*figure.Animation, error) {
	const lines, highest = 4, 10 // noise levels above are all noise
	s := f.blank(lines * min(f.classes, shown))
	for i := range s.len() {
		s.labels.Set(i, 0, float64(i%min(f.classes, shown)))
	}
	p, settings, err := j.problem(m, s)
	if err != nil {
		return nil, err
	}
	a := &figure.Animation{Width: 520, Height: 136, Delay: 120 * time.Millisecond, Pause: 2500 * time.Millisecond, Colors: 8}
	for step, err := range sampler.Steps(context.Background(), s.x, p, method, settings) {
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
		now.x, end.x = mat.NewDense(s.len(), s.pixels(), nil), mat.NewDense(s.len(), s.pixels(), nil)
		now.x.Scale(1/math.Hypot(α, σ), step.X) // so that noise is as wide as the data
		step.Data(now.x, now.x)
		step.Data(end.x, d)
		a.Frames = append(a.Frames, [][]figure.Panel{{
			now.panel(fmt.Sprintf("state, σ/α = %.2f", σ/α)), end.panel("denoised"),
		}})
	}
	return a, nil
}
