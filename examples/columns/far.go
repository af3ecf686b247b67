package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/sampler"
	"gonum.org/v1/gonum/mat"
)

// far prints what becomes of the third column given x₁ = 1.5, x₂ = −1, whose law has
// a far mode of small weight.
func (j *job) far(w io.Writer, nets []*network) error {
	nan, inf := math.NaN(), math.Inf(1)
	law, err := given(newLaw(nil), []float64{1.5, -1, nan, inf}, rand.NewPCG(j.seed, 21))
	if err != nil {
		return err
	}
	mean, cov := law.Mean(nil)[0], mat.NewSymDense(1, nil)
	law.Cov(cov)
	fmt.Fprintln(w, "x₃ given x₁ = 1.5, x₂ = −1\tmean\tdeviation\tof the near mode\tweight of the far mode")
	exact := make([]float64, 40*j.n)
	for i := range exact {
		exact[i] = law.Rand(nil)[0]
	}
	line := func(name string, x []float64) {
		m := momentsOf(x)
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\t%.3f\t%.4f\n", name, m.mean, m.deviation, m.near, m.far)
	}
	fmt.Fprintf(w, "exact\t%.3f\t%.3f\n", mean, math.Sqrt(cov.At(0, 0)))
	line(fmt.Sprintf("exact, %d draws", len(exact)), exact)
	for _, n := range nets {
		for _, last := range []float64{nan, inf} {
			name := n.name + ", x₄ sampled"
			if math.IsInf(last, 1) {
				name = n.name + ", x₄ left out"
				if !n.leave {
					continue
				}
			}
			if n.given == nil {
				continue
			}
			x, err := j.sample(n, repeated([]float64{1.5, -1, nan, last}, 4*j.n))
			if err != nil {
				return err
			}
			line(name, mat.Col(nil, 2, x))
		}
	}
	for _, returns := range []int{0, 1, 20} {
		m, x := nets[0].model, mat.NewDense(j.n, columns, nil)
		known := mat.NewDense(1, columns, []float64{1.5, -1, nan, nan})
		m.Frame().ToModel(known, known)
		pred := replacing{sampler.DDIM{Eta: 1}, known.RawRowView(0)}
		s := &sampler.Settings{Grid: steps(m.Process()), Seed: j.seed, Workers: j.workers}
		if returns > 0 {
			s.Corrector = sampler.Gibbs{Back: pred, Steps: returns}
		}
		if err := sampler.Sample(context.Background(), x, m.Problem(), pred, s); err != nil {
			return err
		}
		line(fmt.Sprintf("RePaint, %d returns a step", returns), mat.Col(nil, 2, x))
	}
	return nil
}

// repeated returns n rows that are the same.
func repeated(row []float64, n int) *mat.Dense {
	x := mat.NewDense(n, len(row), nil)
	for i := range n {
		x.SetRow(i, row)
	}
	return x
}

// moments are those of x₃, whose modes are near −2.3 and far, at about 4.
type moments struct{ mean, deviation, near, far float64 }

const between = 1.0

func momentsOf(x []float64) (m moments) {
	n, near, mean := float64(len(x)), 0.0, 0.0
	for _, v := range x {
		m.mean += v / n
		if v < between {
			near++
			mean += v
		}
	}
	mean /= near
	for _, v := range x {
		m.deviation += (v - m.mean) * (v - m.mean) / n
		if v < between {
			m.near += (v - mean) * (v - mean) / near
		}
	}
	return moments{m.mean, math.Sqrt(m.deviation), math.Sqrt(m.near), 1 - near/n}
}
