// Package toy judges samples of the plane's toy distributions.
package toy

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// Toy is a distribution on the plane with a name.
type Toy struct {
	Name string
	Open func(src rand.Source) dataset.Diffusible
	// GoodBound is a KL bound, in nats, that only a well-trained model meets.
	GoodBound float64
}

// All lists the toys.
func All() []Toy {
	return []Toy{
		{"moons", func(src rand.Source) dataset.Diffusible { return dataset.NewMoons(src) }, 0.01},
		{"ring", func(src rand.Source) dataset.Diffusible { return dataset.NewRing(src) }, 0.01},
		{"checkerboard", func(src rand.Source) dataset.Diffusible { return dataset.NewCheckerboard(src) }, 0.03},
	}
}

// Named returns the toy of a name.
func Named(name string) (Toy, error) {
	var known []string
	for _, t := range All() {
		if t.Name == name {
			return t, nil
		}
		known = append(known, t.Name)
	}
	return Toy{}, fmt.Errorf("unknown dataset %q, want one of %q", name, known)
}

// Judge compares samples with fresh draws of the distribution they should have
// come from.
type Judge struct {
	law        dataset.Diffusible
	truth      *mat.Dense
	directions *mat.Dense
	support    float64 // the 0.1 % quantile of the data's log-density
}

// Score is the verdict on a sample.
type Score struct {
	OffSupport float64 // fraction below the 0.1 % quantile of the data's log-density
	SW2        float64 // sliced Wasserstein-2 distance
	Energy     float64 // energy distance, squared form, of the first rows
}

// energyRows bounds the rows of the energy distance, whose work is quadratic.
const energyRows = 2000

// head returns the first rows of x, at most n.
func head(x *mat.Dense, n int) *mat.Dense {
	rows, d := x.Dims()
	return x.Slice(0, min(n, rows), 0, d).(*mat.Dense)
}

// NewJudge makes a judge of samples of n rows. Its fresh draws depend on the
// seed.
func (t Toy) NewJudge(n int, seed uint64) *Judge {
	law := t.Open(rand.NewPCG(seed, 1))
	const quantileRows = 20000
	logp := make([]float64, quantileRows)
	x := make([]float64, law.Dim())
	for i := range logp {
		logp[i] = law.LogProb(law.Rand(x))
	}
	slices.Sort(logp)
	return &Judge{law: law, truth: dataset.Sample(law, n), directions: twosample.Directions(64, law.Dim(), 0),
		support: stat.Quantile(0.001, stat.Empirical, logp, nil)}
}

// Score judges the rows of x.
func (j *Judge) Score(x *mat.Dense) Score {
	n, _ := x.Dims()
	off := 0
	for i := range n {
		if lp := j.law.LogProb(x.RawRowView(i)); !(lp >= j.support) {
			off++
		}
	}
	return Score{OffSupport: float64(off) / float64(n), SW2: twosample.SlicedW2(x, j.truth, j.directions),
		Energy: twosample.Energy(head(x, energyRows), head(j.truth, energyRows))}
}

// Floor returns mean and standard deviation of the distances between pairs of
// fresh samples: what a perfect sampler would score. It needs two pairs or more.
func (j *Judge) Floor(pairs int) (mean, sd Score) {
	n, _ := j.truth.Dims()
	var off, sw2, energy []float64
	for range pairs {
		fresh := *j
		fresh.truth = dataset.Sample(j.law, n)
		s := fresh.Score(dataset.Sample(j.law, n))
		off, sw2, energy = append(off, s.OffSupport), append(sw2, s.SW2), append(energy, s.Energy)
	}
	mean.OffSupport, sd.OffSupport = stat.MeanStdDev(off, nil)
	mean.SW2, sd.SW2 = stat.MeanStdDev(sw2, nil)
	mean.Energy, sd.Energy = stat.MeanStdDev(energy, nil)
	return mean, sd
}
