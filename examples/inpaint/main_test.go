package main

import (
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
	"github.com/gradlogp/gradlogp/examples/internal/digits"
	"github.com/gradlogp/gradlogp/examples/internal/digits/digitstest"
)

func small(t *testing.T, args ...string) *job {
	j := &job{}
	require.NoError(t, command.Parse("inpaint", j, append([]string{"-out", "-"}, args...)))
	return j
}

func TestOutputDoesNotDependOnWorkers(t *testing.T) {
	data := digitstest.Write(t, digitstest.Few(t, 30, 2))
	stdout, _ := commandtest.Same(t, func(workers string) (command.Job, []string) {
		out := filepath.Join(t.TempDir(), "inpaint.png")
		return small(t, "-data", data, "-steps", "2", "-n", "2", "-lessons", "2", "-points", "3", "-method", "pigdm", "-workers", workers, "-out", out), []string{out}
	})
	require.Contains(t, stdout, "2 of 6 held-out images")
	require.Regexp(t, `hole: 48 numbers of 64 pixels\n.*\ntruth .*\nΠGDM .* 4 +4\n`, stdout)
	require.Contains(t, stdout, "coarse: 16 numbers")
}

func TestTheNetworkIsKept(t *testing.T) {
	data, model := digitstest.Write(t, digitstest.Few(t, 20, 2)), filepath.Join(t.TempDir(), "net")
	run := func() (first, rest string) {
		var b bytes.Buffer
		j := small(t, "-data", data, "-model", model, "-steps", "1", "-n", "2", "-lessons", "1", "-points", "3", "-method", "pigdm")
		require.NoError(t, j.Run(t.Context(), &b, io.Discard))
		first, rest, _ = strings.Cut(b.String(), "\n")
		return first, rest
	}
	first, trained := run()
	require.Contains(t, first, "1 of 1 steps, seed 0, loss")
	first, kept := run()
	require.Equal(t, "seed 0, network of "+model, first)
	require.Equal(t, trained, kept)
}

// normalSet returns images of a normal law whose pixels depend on their neighbours.
func normalSet(n int, rng *rand.Rand) digits.Set {
	s := digits.Format{Height: 4, Width: 4, Shades: 17, Classes: 2}.Blank(n)
	for i := range n {
		row, last := s.X.RawRowView(i), 0.0
		for p := range row {
			last = 0.8*last + 0.6*rng.NormFloat64()
			row[p] = 8 + 3*last
		}
	}
	return s
}

func TestExactPosteriorsAreCalibrated(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	known, truth := normalSet(5000, rng), normalSet(200, rng)
	j := small(t)
	c := digits.Learn(known.First(20), digits.Lessons{Steps: 1})
	for _, p := range problems(known.Format) {
		y := p.observe(truth.X, j.noise, rng)
		x, _, _, err := j.normal(known.X).restore(p, y)
		require.NoError(t, err)
		v := j.judge(p, truth, y, x, c)
		for _, e := range []struct {
			got  []float64
			want float64
		}{{v.chi, 1}, {v.in80, 0.8}, {v.in90, 0.9}, {chi(p, y, truth.X, j.noise), 1}} {
			got := estimateOf(e.got)
			require.InDelta(t, e.want, got.mean, 4*got.err, "%s: %v", p.name, got)
		}
		near, _, _, err := nearest(known.First(1000).X).restore(p, y)
		require.NoError(t, err)
		require.Less(t, estimateOf(v.energy).mean, estimateOf(j.judge(p, truth, y, near, c).energy).mean, p.name)
	}
}

func TestWhatIsLeftIsWhatTheNameSays(t *testing.T) {
	f := digits.Format{Height: 5, Width: 6, Shades: 17, Classes: 1}
	flat := mat.NewDense(1, f.Pixels(), nil)
	flat.Apply(func(_, _ int, _ float64) float64 { return 7 }, flat)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, p := range problems(f) {
		y := p.observe(flat, 1e-300, rng)
		for _, v := range y.RawRowView(0) {
			require.InDelta(t, 7, v, 1e-12, "%s: means of equal shades", p.name)
		}
		for q, v := range p.show(y.RawRowView(0)) {
			if p.name == "hole" && len(p.unseen) < f.Pixels() && math.Abs(v-7) > 1e-12 {
				require.Contains(t, p.unseen, q)
				require.Equal(t, 8.0, v)
			}
		}
	}
	require.Equal(t, []int{7, 8, 9, 10, 13, 14, 15, 16, 19, 20, 21, 22}, hole(f).unseen)
	_, out := coarse(f).linear.Dims()
	require.Equal(t, 9, out)
	require.Equal(t, 0.25, coarse(f).linear.Matrix().At(0, 7))
	require.Equal(t, 0.5, coarse(f).linear.Matrix().At(8, 29))
}

func TestNearestPicturesAreThose(t *testing.T) {
	s := digitstest.Few(t, 40, 10)
	p := hole(s.Format)
	y := p.observe(s.X.Slice(5, 7, 0, 64).(*mat.Dense), 1e-9, rand.New(rand.NewPCG(1, 1)))
	x, _, _, err := nearest(s.X).restore(p, y)
	require.NoError(t, err)
	require.Equal(t, s.X.RawRowView(5), x.RawRowView(0))
	require.Equal(t, s.X.RawRowView(6), x.RawRowView(draws))
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-steps", "0"}, {"-n", "1"}, {"-points", "2"}, {"-noise", "0"}, {"-noise", "NaN"}, {"-noise", "Inf"}, {"-lessons", "0"},
		{"-method", "repaint"}, {"-workers", "-1"}, {"-out", "no/such/folder/a.png"},
	} {
		require.Error(t, command.Parse("inpaint", &job{}, args), args)
	}
}
