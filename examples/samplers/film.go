package main

import (
	"context"
	"fmt"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// film follows points from noise to the ring of eight Gaussians, with what the
// score makes of them at each moment beside them.
func film(ctx context.Context, seed uint64) (*figure.Animation, error) {
	const points, frames = 450, 40
	law := dataset.NewRing(nil)
	p := sde.Problem{SDE: process, Score: sde.Analytic(process, law.Diffuse)}
	a := &figure.Animation{Width: 480, Height: 262, Delay: 80 * time.Millisecond, Pause: 2500 * time.Millisecond, Colors: 12}
	x := mat.NewDense(points, 2, nil)
	s := &sampler.Settings{Grid: grid.Default(p, frames), Seed: seed, Workers: 1}
	for step, err := range sampler.Steps(ctx, x, p, sampler.Default(p), s) {
		if err != nil {
			return nil, err
		}
		d, err := step.Denoised()
		if err != nil {
			return nil, err
		}
		α, σ := p.Kernel(step.At)
		a.Frames = append(a.Frames, [][]figure.Panel{{
			scatter(fmt.Sprintf("state, σ/α = %.2f", σ/α), mat.DenseCopyOf(step.X)),
			scatter("denoised", mat.DenseCopyOf(d)),
		}})
	}
	return a, nil
}

func scatter(title string, x mat.Matrix) figure.Panel {
	lim := [2]float64{-3, 3}
	return figure.Panel{Title: title, XLim: lim, YLim: lim, Layers: []figure.Layer{figure.Points{X: x, Radius: 1, Color: figure.Red}}}
}
