package calibration

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// methods are those of the table in the package's comment, with how they are asked.
var methods = []struct {
	name string
	p    func(s sampler, n, draws int, seed uint64) (float64, error)
}{
	{"SBC, parameters", func(s sampler, n, draws int, seed uint64) (float64, error) {
		r, err := SBC(s.trials(n, draws, seed), nil, &Settings{Exchanges: 99, Seed: seed})
		return r.ECDFP, err
	}},
	{"SBC, Products", func(s sampler, n, draws int, seed uint64) (float64, error) {
		tr := s.trials(n, draws, seed)
		r, err := SBC(tr, tr.Products(), &Settings{Exchanges: 99, Seed: seed})
		return r.ECDFP, err
	}},
	{"SBC, log p(θ, x)", func(s sampler, n, draws int, seed uint64) (float64, error) {
		tr := s.trials(n, draws, seed)
		r, err := SBC(tr, []Quantity{tr.Quantity("joint", logJoint)}, &Settings{Exchanges: 99, Seed: seed})
		return r.ECDFP, err
	}},
	{"TARP", func(s sampler, n, draws int, seed uint64) (float64, error) {
		r, err := TARP(s.trials(n, draws, seed), nil, &Settings{Exchanges: 99, Seed: seed})
		return r.ECDFP, err
	}},
	{"TARP, Nearest", func(s sampler, n, draws int, seed uint64) (float64, error) {
		known := exact.trials(1000, 1, seed+1e6)
		nearest, err := Nearest(known.Theta, known.X)
		if err != nil {
			return 0, err
		}
		r, err := TARP(s.trials(n, draws, seed), nearest, &Settings{Exchanges: 99, Seed: seed})
		return r.ECDFP, err
	}},
	{"HighestDensity", func(s sampler, n, draws int, seed uint64) (float64, error) {
		tr := s.trials(n, draws, seed)
		q := tr.Quantity("q", s.logDensity)
		r, err := HighestDensity(q.Truth, q.Draws, &Settings{Exchanges: 99, Seed: seed})
		return r.ECDFP, err
	}},
	{"LocalC2ST", func(s sampler, n, draws int, seed uint64) (float64, error) {
		rng := rand.New(rand.NewPCG(seed, 3))
		x, at := mat.NewDense(1, 2, []float64{0.5, -0.3}), mat.NewDense(500, 2, nil)
		for i := range 500 {
			s.draw(at.RawRowView(i), x.RawRowView(0), rng)
		}
		r, err := LocalC2ST(s.trials(5*n, 1, seed), x, at, &LocalSettings{Exchanges: 19, Seed: seed})
		return r.Mean.P, err
	}},
}

func power(t *testing.T, m int, s sampler, runs int) (share float64) {
	for seed := range uint64(runs) {
		p, err := methods[m].p(s, 200, 50, seed)
		require.NoError(t, err)
		if p <= 0.05+1e-9 {
			share += 1 / float64(runs)
		}
	}
	return share
}

// What the table in the package's comment says is seen is seen, and what it says is not
// seen is not.
func TestMethodsSeeWhatTheTableSays(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for m, method := range methods {
		t.Run(method.name, func(t *testing.T) {
			t.Parallel()
			_, after, found := strings.Cut(string(text), "//\t"+method.name+"  ")
			require.True(t, found)
			line, _, _ := strings.Cut(after, "\n")
			runs, sure := 8, 0.9
			if m == len(methods)-1 {
				runs, sure = 1, 0.99 // of half a second
			}
			for k, field := range strings.Fields(line) {
				said, err := strconv.ParseFloat(field, 64)
				require.NoError(t, err)
				s := append([]sampler{exact}, everyFault...)[k]
				switch {
				case said >= sure:
					require.GreaterOrEqual(t, power(t, m, s, runs), 0.6, s.name)
				case said <= 0.1 && runs > 1:
					require.LessOrEqual(t, power(t, m, s, runs), 0.5, s.name)
				}
			}
		})
	}
}
