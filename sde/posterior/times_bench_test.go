package posterior

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// One evaluation of 512 rows of which each may have a time of its own, as those of
// sampler.DormandPrince have.
func BenchmarkTimesOfTheirOwn(b *testing.B) {
	const n, d = 512, 200
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(r, c int) *mat.Dense {
		a := mat.NewDense(r, c, nil)
		a.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, a)
		return a
	}
	x, y, h := random(n, d), random(1, d), random(d, d)
	for name, method := range map[string]Method{"PiGDM": PiGDM{}, "MMPS": MMPS{}} {
		q, err := method.Given(sde.Problem{SDE: sde.EDM{}, Score: unit{}}, Observation{Matrix{h}, y, Noise{Deviation: .3}})
		if err != nil {
			b.Fatal(err)
		}
		for _, distinct := range []int{1, 8, n} {
			times := make([]float64, n)
			for i := range times {
				times[i] = 0.1 + float64(i%distinct)/n
			}
			b.Run(fmt.Sprintf("%s/times=%d", name, distinct), func(b *testing.B) {
				dst := mat.NewDense(n, d, nil)
				for b.Loop() {
					q.Score.Score(dst, x, times)
				}
			})
		}
	}
}
