package score_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distmv"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

// Noise levels that training sees, at the tenth, the middle and the ninetieth of a
// hundred: most of them where the network has most to learn, or all alike.
func ExampleTimes() {
	p := sde.EDM{}
	for _, times := range []score.Times{
		score.LogNormal{}, score.LogNormal{Mean: -1.2, Std: 1.2}, score.LogLogistic{Mean: -1.2},
		score.SplitLogNormal{Mean: -1, Below: 2, Above: 0.5}, score.CosineTimes{}, score.LogUniform{}, score.UniformTimes{},
	} {
		fmt.Printf("%T", times)
		for _, u := range []float64{0.1, 0.5, 0.9} {
			fmt.Printf(" %.3f", times.Quantile(p, u))
		}
		fmt.Println()
	}
	// Output:
	// score.LogNormal 0.034 0.202 1.214
	// score.LogNormal 0.065 0.301 1.402
	// score.LogLogistic 0.036 0.303 2.631
	// score.SplitLogNormal 0.017 0.138 0.515
	// score.CosineTimes 0.159 0.990 5.892
	// score.LogUniform 0.006 0.400 27.726
	// score.UniformTimes 8.002 40.001 72.000
}

// What an error of the denoiser counts at the noise levels ⅓, 1 and 3.
func ExampleWeight() {
	p := sde.EDM{}
	for _, w := range []score.Weight{
		score.EDMWeight{}, score.Simple{}, score.MinSNR{}, score.SoftMinSNR{}, score.VWeight{}, score.Likelihood{},
	} {
		fmt.Printf("%-16T %6.3f %6.3f %6.3f\n", w, w.At(p, 1./3), w.At(p, 1), w.At(p, 3))
	}
	// Output:
	// score.EDMWeight  10.000  2.000  1.111
	// score.Simple      9.000  1.000  0.111
	// score.MinSNR      5.000  1.000  0.111
	// score.SoftMinSNR  0.900  0.500  0.100
	// score.VWeight    11.111  4.000 11.111
	// score.Likelihood 27.000  1.000  0.037
}

// twins draws ±1 with a deviation of 0.2.
func twins(src rand.Source) distmv.Rander {
	mix, _ := dataset.NewIsotropicMixture([]float64{1, 1}, mat.NewDense(2, 1, []float64{-1, 1}), []float64{0.2, 0.2}, src)
	return mix
}

// Losses that look different have the same score for their best: after a short run all
// of them point from 0.5, where a single broad mode would point back to 0, to the mode at 1.
func ExampleObjective_each() {
	for _, o := range []score.Objective{
		score.DSM{}, score.NCSN{}, score.FlowMatching{}, score.ControlVariate{}, score.LogVariance{},
		score.ISM{}, score.SSM{}, score.FDSSM{},
	} {
		m, err := score.New(1, &score.Config{Net: nn.MLP{Hidden: []int{16, 16}}})
		if err != nil {
			fmt.Println(err)
			return
		}
		s := &score.Settings{Objective: o, Steps: 200, Batch: 64, References: score.None, Rate: optim.Constant(0.01)}
		if _, err := score.Fit(context.Background(), m, score.Draws(1, twins), s); err != nil {
			fmt.Println(err)
			return
		}
		p := m.Problem()
		y, dst := mat.NewDense(1, 1, []float64{0.5}), mat.NewDense(1, 1, nil)
		p.Frame.ToModel(y, y)
		p.Score.Score(dst, y, []float64{0.4})
		fmt.Printf("%T %t\n", o, dst.At(0, 0) > 0)
	}
	// Output:
	// score.DSM true
	// score.NCSN true
	// score.FlowMatching true
	// score.ControlVariate true
	// score.LogVariance true
	// score.ISM true
	// score.SSM true
	// score.FDSSM true
}

// What the network is asked for, where signal and noise are equal: D = Skip x + Out F.
func ExampleCoeffs() {
	for _, c := range []score.Precond{score.EDM{}, score.V{}, score.Velocity{}, score.Epsilon{}, score.X0{}} {
		k := c.Coeffs(sde.VP{}, sde.TimeAt(sde.VP{}, 0))
		fmt.Printf("%-14T Skip %6.3f Out %6.3f\n", c, k.Skip, k.Out)
	}
	// Output:
	// score.EDM      Skip  0.707 Out  0.707
	// score.V        Skip  0.707 Out -0.707
	// score.Velocity Skip  0.707 Out -0.269
	// score.Epsilon  Skip  1.414 Out -1.000
	// score.X0       Skip  0.000 Out  1.000
}

// Maps for few steps, without a teacher: after a short run two evaluations a sample know
// that two columns go together.
func ExampleMapObjective() {
	for _, o := range []score.Objective{score.MeanFlow{}, score.Consistency{}} {
		m, err := score.New(2, &score.Config{Net: nn.RecipeMLP(2, 16), FlowMap: true})
		if err != nil {
			fmt.Println(err)
			return
		}
		s := &score.Settings{Objective: o, Steps: 400, Batch: 64}
		if _, err := score.Fit(context.Background(), m, score.Draws(2, ridge), s); err != nil {
			fmt.Println(err)
			return
		}
		x := mat.NewDense(1000, 2, nil)
		if err := sampler.Sample(context.Background(), x, m.Problem(), sampler.FlowMap{}, &sampler.Settings{Grid: grid.Few(m.Process(), 2)}); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%T %t\n", o, stat.Correlation(mat.Col(nil, 0, x), mat.Col(nil, 1, x), nil) > 0.25)
	}
	// Output:
	// score.MeanFlow true
	// score.Consistency true
}

// Half the steps, and half of those: the grids of a chain of students.
func ExampleProgressive() {
	p := sde.EDM{}
	for o := (score.Progressive{Grid: grid.Halving(p, 8)}); len(o.Grid) >= 3; o.Grid = o.Halved() {
		fmt.Printf("%.3f\n", o.Grid)
	}
	// Output:
	// [10.000 3.162 1.000 0.500 0.250 0.132 0.070 0.020 0.000]
	// [10.000 1.000 0.250 0.070 0.000]
	// [10.000 0.250 0.000]
}

// Which columns of training rows are drawn, known and left out. That of Subsets is random
// by row, so that one network learns all conditionals.
func ExampleSubsets() {
	cells := make([]score.Cell, 6)
	rng := rand.New(rand.NewPCG(1, 1))
	count := map[score.Cell]int{}
	for i := range 1000 {
		clear(cells)
		score.Subsets{Whole: score.None, OwnLevels: score.None}.Pattern(cells, i, rng)
		for _, c := range cells {
			count[c]++
		}
	}
	for _, c := range []score.Cell{score.DrawnCell, score.KnownCell, score.LeftOutCell} {
		fmt.Printf("%.1f ", float64(count[c])/6000)
	}
	fmt.Println()
	// Output:
	// 0.6 0.3 0.1
}

// How columns of different units are brought to one scale: each by its deviation, all by
// one, or not at all.
func ExampleScaling() {
	x := mat.NewDense(500, 2, nil)
	rng := rand.New(rand.NewPCG(1, 1))
	x.Apply(func(_, j int, _ float64) float64 { return rng.NormFloat64() * []float64{1, 2}[j] }, x)
	data, err := score.Rows(x, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, scaling := range []score.Scaling{score.ColumnScales, score.CommonScale, score.Unscaled} {
		m, err := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{8}}})
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := score.Fit(context.Background(), m, data, &score.Settings{Steps: 1, Batch: 8, Scaling: scaling}); err != nil {
			fmt.Println(err)
			return
		}
		f, ratio := m.Frame(), 1.
		if f.Scale != nil {
			ratio = f.Scale[1] / f.Scale[0]
		}
		fmt.Printf("%v: %.0f\n", scaling, ratio)
	}
	// Output:
	// columns: 2
	// common: 1
	// unscaled: 1
}

// Strings of one's own go with the model and are read without making it.
func ExampleMetadataOf() {
	m, err := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{8}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Metadata = map[string]string{"columns": "height, weight"}
	dir, err := os.MkdirTemp("", "model")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "people.safetensors")
	if err := m.SaveFile(path); err != nil {
		fmt.Println(err)
		return
	}
	meta, err := score.MetadataOf(path)
	fmt.Println(meta["columns"], err)
	// Output:
	// height, weight <nil>
}

// How far the densities of a model can be from the data's, in nats, where the data's are
// known: less after training.
func ExampleKLBound() {
	mix, err := dataset.NewIsotropicMixture([]float64{1, 1}, mat.NewDense(2, 1, []float64{-1, 1}), []float64{0.2, 0.2}, rand.NewPCG(1, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := score.New(1, &score.Config{Net: nn.MLP{Hidden: []int{16, 16}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	clean := dataset.Sample(mix, 200)
	before, err := score.KLBound(m, clean, mix.Noised, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := score.Fit(context.Background(), m, score.Draws(1, twins), &score.Settings{Steps: 300, Batch: 64, Scaling: score.Unscaled}); err != nil {
		fmt.Println(err)
		return
	}
	after, err := score.KLBound(m, clean, mix.Noised, 1)
	fmt.Println(after < before/2, err)
	// Output:
	// true <nil>
}
