// Package toy judges samples of the plane's toy distributions.
package toy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// Toy is a distribution on the plane with a name.
type Toy struct {
	Name string
	Open func(src rand.Source) dataset.Diffusible
	// GoodBound is a KL bound, in nats, that only a well-trained model meets.
	GoodBound float64
	// Modes is the number of modes, of equal probability; 0 where there are
	// none to tell apart. Mode returns the one a point belongs to.
	Modes int
	Mode  func(x []float64) int
}

// All lists the toys.
func All() []Toy {
	return []Toy{
		{Name: "moons", Open: func(src rand.Source) dataset.Diffusible { return dataset.NewMoons(src) }, GoodBound: 0.01},
		{Name: "ring", Open: func(src rand.Source) dataset.Diffusible { return dataset.NewRing(src) }, GoodBound: 0.01, Modes: 8, Mode: octant},
		{Name: "checkerboard", Open: func(src rand.Source) dataset.Diffusible { return dataset.NewCheckerboard(src) }, GoodBound: 0.03, Modes: 8, Mode: cell},
		{Name: "swissroll", Open: func(src rand.Source) dataset.Diffusible { return dataset.NewSwissRoll(src) }, GoodBound: 0.01},
		{Name: "spirals", Open: func(src rand.Source) dataset.Diffusible { return dataset.NewSpirals(src) }, GoodBound: 0.02},
		pinwheel("pinwheel25", 0.25, 0.02),
		pinwheel("pinwheel", 0.5, 0.03),
	}
}

// octant is the mode of the ring nearest to x.
func octant(x []float64) int { return nearest(math.Atan2(x[1], x[0]), 8) }

// nearest returns the k of the angle 2πk/n nearest to one.
func nearest(angle float64, n int) int {
	k := int(math.Round(angle / (2 * math.Pi) * float64(n)))
	return (k%n + n) % n
}

// cell is the cell of the checkerboard whose centre is nearest to x.
func cell(x []float64) int {
	best, mode, k := math.Inf(1), 0, 0
	for i := range 4 {
		for j := i % 2; j < 4; j += 2 {
			if d := math.Hypot(x[0]-float64(i)+1.5, x[1]-float64(j)+1.5); d < best {
				best, mode = d, k
			}
			k++
		}
	}
	return mode
}

// pinwheel is a pinwheel of a rate. Its modes are the arms.
func pinwheel(name string, rate, good float64) Toy {
	return Toy{
		Name: name, GoodBound: good,
		Open:  func(src rand.Source) dataset.Diffusible { return dataset.NewPinwheel(rate, src) },
		Modes: 5,
		Mode: func(x []float64) int {
			twist := rate * math.Exp(math.Hypot(x[0], x[1])/1.35)
			return nearest(math.Remainder(math.Atan2(x[1], x[0])-twist, 2*math.Pi), 5)
		},
	}
}

// Names lists the names of the toys.
func Names() (names []string) {
	for _, t := range All() {
		names = append(names, t.Name)
	}
	return names
}

// Named returns the toy of a name.
func Named(name string) (Toy, error) {
	for _, t := range All() {
		if t.Name == name {
			return t, nil
		}
	}
	return Toy{}, fmt.Errorf("unknown dataset %q, want one of %q", name, Names())
}

// ModeTV returns the total variation distance between the fractions of the rows
// of x that belong to the modes and the uniform distribution; NaN without modes.
func (t Toy) ModeTV(x *mat.Dense) float64 {
	if t.Modes == 0 {
		return math.NaN()
	}
	n, _ := x.Dims()
	share := make([]float64, t.Modes)
	for i := range n {
		share[t.Mode(x.RawRowView(i))] += 1 / float64(n)
	}
	var tv float64
	for _, s := range share {
		tv += math.Abs(s-1/float64(t.Modes)) / 2
	}
	return tv
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
	Energy     float64 // sliced energy distance, squared form
}

// C2ST is the accuracy of telling x from the judge's fresh draws by the majority
// of the 15 nearest neighbours: 0.5 when they cannot be told apart.
func (j *Judge) C2ST(x *mat.Dense) float64 { return twosample.C2STNeighbours(x, j.truth, 15) }

// NewJudge makes a judge of samples of n rows. Its fresh draws depend on the
// seed.
func (t Toy) NewJudge(n int, seed uint64) *Judge {
	law := t.Open(rand.NewPCG(seed, 1))
	const quantileRows = 20000
	logp := logProbs(law, dataset.Sample(law, quantileRows))
	slices.Sort(logp)
	return &Judge{law: law, truth: dataset.Sample(law, n), directions: twosample.Directions(64, law.Dim(), 0),
		support: stat.Quantile(0.001, stat.Empirical, logp, nil)}
}

// logProbs returns the log-densities of the rows of x.
func logProbs(law dataset.Diffusible, x *mat.Dense) []float64 {
	n, _ := x.Dims()
	logp := make([]float64, n)
	pool.New(0).Each(n, func(_, i int) { logp[i] = law.LogProb(x.RawRowView(i)) })
	return logp
}

// Score judges the rows of x.
func (j *Judge) Score(x *mat.Dense) Score {
	n, _ := x.Dims()
	off := 0
	for _, lp := range logProbs(j.law, x) {
		if !(lp >= j.support) {
			off++
		}
	}
	w2, energy := twosample.Sliced(x, j.truth, j.directions)
	return Score{OffSupport: float64(off) / float64(n), SW2: w2, Energy: energy}
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
