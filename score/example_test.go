package score_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"

	"github.com/gradlogp/gradlogp/score"
)

// normal returns draws of N((3, −1), 4 I).
func normal() score.Data {
	return score.Draws(2, func(src rand.Source) *distmv.Normal {
		law, _ := distmv.NewNormal([]float64{3, -1}, mat.NewSymDense(2, []float64{4, 0, 0, 4}), src)
		return law
	})
}

// A model is made, trained, saved, and loaded into another one.
func Example() {
	config := &score.Config{Net: nn.MLP{Hidden: []int{16, 16}}, Seed: 1}
	m, err := score.New(2, config)
	if err != nil {
		log.Fatal(err)
	}
	result, err := score.Fit(context.Background(), m, normal(), &score.Settings{Steps: 200, Batch: 64})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Steps, "steps")

	var file bytes.Buffer
	if err := m.Save(&file); err != nil {
		log.Fatal(err)
	}
	loaded, _ := score.New(2, config)
	if err := loaded.Load(&file); err != nil {
		log.Fatal(err)
	}
	frame := loaded.Frame()
	fmt.Printf("mean %.1f, deviation %.1f\n", frame.Shift, frame.Scale)

	// In model coordinates the data are N(0, I): at noise level 1 the score is −y/2.
	y, s := mat.NewDense(1, 2, []float64{1, -2}), mat.NewDense(1, 2, nil)
	loaded.Unconditional().Score(s, y, []float64{1})
	fmt.Printf("score %.1f\n", mat.Formatted(s))
	// Output:
	// 200 steps
	// mean [3.0 -1.0], deviation [2.0 2.0]
	// score [-0.5   1.0]
}

// A file is all that another program needs.
func ExampleOpen() {
	m, err := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16, 16}}, Process: sde.VP{BetaMax: 15}})
	if err != nil {
		log.Fatal(err)
	}
	m.Metadata = map[string]string{"data": "tides of 2024"}
	path := filepath.Join(os.TempDir(), fmt.Sprintf("model-%d", os.Getpid()))
	defer os.Remove(path)
	if err := m.SaveFile(path); err != nil {
		log.Fatal(err)
	}

	opened, err := score.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(opened.Dim(), opened.Process(), opened.Metadata)
	// Output:
	// 2 {0 15} map[data:tides of 2024]
}

// Huber is a denoising loss that grows linearly for large errors,
// √(1 + ‖ε̂ − z‖²) − 1.
type Huber struct{}

func (Huber) Loss(_ *nn.Build, f score.Fields, d score.Batch) *ad.Expr {
	e := ad.SumCols(ad.Square(ad.Sub(f.Noise(d.Xt), d.Z)))
	return ad.Shift(ad.Sqrt(ad.Shift(e, 1)), -1)
}

// An Objective of one's own is an expression of the batch.
func ExampleObjective() {
	m, _ := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16}}})
	s := &score.Settings{Steps: 100, Batch: 64, Objective: Huber{}}
	result, err := score.Fit(context.Background(), m, normal(), s)
	fmt.Println(result.Steps, err)
	// Output: 100 <nil>
}

// classes draws a label, 0 or 1, and a row near (−2, 0) or (2, 0).
type classes struct{ rng *rand.Rand }

func (c classes) Rand(x []float64) []float64 {
	label := c.rng.IntN(2)
	x[0] = float64(4*label-2) + 0.3*c.rng.NormFloat64()
	x[1] = 0.3 * c.rng.NormFloat64()
	x[2] = float64(label)
	return x
}

// A conditional model is trained on rows with labels, and sampled with a label
// for each row and guidance.
func ExampleModel_Given() {
	data := score.Draws(3, func(src rand.Source) classes { return classes{rand.New(src)} }).WithConditions(1)
	m, _ := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{32, 32}}, Cond: score.Conditions{Classes: []int{2}}})
	if _, err := score.Fit(context.Background(), m, data, &score.Settings{Steps: 400, Batch: 128}); err != nil {
		log.Fatal(err)
	}
	labels := mat.NewDense(4, 1, []float64{0, 1, 1, 0})
	x := mat.NewDense(4, 2, nil)
	p, err := sde.Guide(m.Given(labels).Problem(), m.Problem(), 1.5)
	if err != nil {
		log.Fatal(err)
	}
	if err := sampler.Sample(context.Background(), x, p, sampler.DPMpp2M{}, nil); err != nil {
		log.Fatal(err)
	}
	for i := range 4 {
		fmt.Println(labels.At(i, 0), x.At(i, 0) > 0)
	}
	// Output:
	// 0 false
	// 1 true
	// 1 true
	// 0 false
}

// One model answers for any columns given any others: here both columns are nearly the
// same, some values are missing, and the first column is found from the second.
func ExampleModel_Observe() {
	rng, x := rand.New(rand.NewPCG(1, 2)), mat.NewDense(2000, 2, nil)
	for i := range 2000 {
		v := rng.NormFloat64()
		x.SetRow(i, []float64{v, v + 0.1*rng.NormFloat64()})
		if i%4 == 0 {
			x.Set(i, i/4%2, math.NaN()) // missing
		}
	}
	data, err := score.Incomplete(x, nil)
	if err != nil {
		log.Fatal(err)
	}
	m, _ := score.New(2, &score.Config{ColumnLevels: true, Net: nn.RecipeColumns(2, 32)})
	if _, err := score.Fit(context.Background(), m, data, &score.Settings{Steps: 600, Batch: 128}); err != nil {
		log.Fatal(err)
	}
	rows := mat.NewDense(3, 2, []float64{math.NaN(), -1, math.NaN(), 0, math.NaN(), 1})
	drawn := mat.NewDense(3, 2, nil)
	p := m.Observe(score.Observed{Values: rows}).Problem()
	if err := sampler.Sample(context.Background(), drawn, p, sampler.DPMpp2M{}, nil); err != nil {
		log.Fatal(err)
	}
	for i := range 3 {
		fmt.Println(drawn.At(i, 1), math.Abs(drawn.At(i, 0)-drawn.At(i, 1)) < 0.5)
	}
	// Output:
	// -1 true
	// 0 true
	// 1 true
}

// The density of what is there, for rows with missing values: the second column is
// left out of one row, and the first of the other.
func ExampleModel_Marginal() {
	rng, x := rand.New(rand.NewPCG(1, 2)), mat.NewDense(2000, 2, nil)
	for i := range 2000 {
		x.SetRow(i, []float64{rng.NormFloat64(), 10 * rng.NormFloat64()})
	}
	data, err := score.Rows(x, nil)
	if err != nil {
		log.Fatal(err)
	}
	m, _ := score.New(2, &score.Config{ColumnLevels: true, Net: nn.MLP{Hidden: []int{16, 16}}})
	if _, err := score.Fit(context.Background(), m, data, &score.Settings{Steps: 300, Batch: 64}); err != nil {
		log.Fatal(err)
	}
	rows := mat.NewDense(2, 2, []float64{0, math.NaN(), math.NaN(), 0})
	logp := make([]float64, 2)
	if _, err := sampler.LogProb(context.Background(), logp, rows, m.Marginal(rows).Problem(), nil); err != nil {
		log.Fatal(err)
	}
	for j, deviation := range []float64{1, 10} {
		fmt.Println(math.Abs(logp[j]+math.Log(deviation*math.Sqrt(2*math.Pi))) < 0.3)
	}
	// Output:
	// true
	// true
}

// The implicit losses need no noise to compare with, and weights and times are
// chosen freely.
func ExampleSSMVR() {
	m, _ := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16}}})
	s := &score.Settings{Steps: 100, Batch: 64, Objective: score.SSMVR{Probes: score.Probes{N: 2}}, Times: score.LogUniform{Low: 0.05, High: 5}}
	result, err := score.Fit(context.Background(), m, normal(), s)
	fmt.Println(result.Steps, err)
	// Output: 100 <nil>
}

// The objective of Ho et al.: a table of noise rates, its levels as times.
func ExampleDDPM() {
	table, _ := sde.VP{}.Discrete(100)
	m, _ := score.New(2, &score.Config{Process: table, Net: nn.MLP{Hidden: []int{16}}, Precond: score.Epsilon{}})
	s := &score.Settings{Steps: 100, Batch: 64, Objective: score.DDPM{}, Times: score.LevelTimes{}}
	result, err := score.Fit(context.Background(), m, normal(), s)
	fmt.Println(result.Steps, err)
	// Output: 100 <nil>
}

// The Jacobian of an energy network is symmetric, that of a vector network is
// not.
func ExampleAsymmetry() {
	x, a := mat.NewDense(1, 2, []float64{0.4, -1}), make([]float64, 1)
	for _, net := range []nn.Module{nn.RecipeEnergy(2, 16), nn.RecipeMLP(2, 16)} {
		m, _ := score.New(2, &score.Config{Net: net})
		score.Asymmetry(a, m.Float64().Unconditional(), x, []float64{0.5})
		fmt.Printf("%T: %v\n", net, a[0] < 1e-12)
	}
	// Output:
	// nn.Energy: true
	// nn.MLP: false
}

// Residual lets the network predict the denoiser's correction of x/α in units
// of the noise: D = x/α + (σ/α)F.
type Residual struct{}

func (Residual) Coeffs(p sde.SDE, t float64) score.Coeffs {
	c := score.Epsilon{}.Coeffs(p, t)
	c.Out = -c.Out
	return c
}

// Where the noise is finer than the Detail of the data, the network's part in the
// denoiser falls as the square of the noise.
func ExampleEDM() {
	for _, t := range []float64{0.002, 0.02, 0.2, 2} {
		plain, detail := score.EDM{}.Coeffs(sde.EDM{}, t), score.EDM{Detail: 0.02}.Coeffs(sde.EDM{}, t)
		fmt.Printf("σ = %-5v  Out %.5f, with Detail %.5f\n", t, plain.Out, detail.Out)
	}
	// Output:
	// σ = 0.002  Out 0.00200, with Detail 0.00020
	// σ = 0.02   Out 0.02000, with Detail 0.01414
	// σ = 0.2    Out 0.19612, with Detail 0.19514
	// σ = 2      Out 0.89443, with Detail 0.89438
}

// A preconditioning of one's own is four numbers at each time, and 1 − α·Skip.
func ExamplePrecond() {
	m, _ := score.New(2, &score.Config{Process: sde.VP{}, Precond: Residual{}})
	c := Residual{}.Coeffs(m.Process(), 0.5)
	fmt.Printf("D = %.2f x + %.2f F(%.2f x, %.2f)\n", c.Skip, c.Out, c.In, c.Noise)
	// Output: D = 3.56 x + 3.41 F(1.00 x, 0.31)
}

// A program that trains where it was stopped, however it was stopped.
func ExampleResume() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	train := func(ctx context.Context, record score.Recorder) (*score.Result, error) {
		m, err := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16}}})
		if err != nil {
			return nil, err
		}
		s := &score.Settings{Steps: 200, Batch: 64, Recorder: record, Checkpoints: score.Checkpoints{Dir: dir, Every: 50}}
		path, err := score.Latest(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return score.Fit(ctx, m, normal(), s)
		} else if err != nil {
			return nil, err
		}
		fmt.Println("from", filepath.Base(path))
		return score.Resume(ctx, m, normal(), s, path)
	}
	ctx, stop := context.WithCancel(context.Background())
	result, err := train(ctx, at(120, stop))
	fmt.Println(result.Steps, "steps,", err)
	result, err = train(context.Background(), nil)
	fmt.Println(result.Steps, "steps,", err)
	// Output:
	// 120 steps, score: Fit: cancelled after step 120 of 200: context canceled
	// from step-000000120.safetensors
	// 200 steps, <nil>
}

// at calls a function at a step.
func at(step int, f func()) score.Recorder {
	return each(func(m score.Metrics) error {
		if m.Step == step {
			f()
		}
		return nil
	})
}

type each func(score.Metrics) error

func (f each) Record(m score.Metrics) error { return f(m) }

// The model in training is the average of the weights so far once it has been
// published.
func ExampleMetrics_Publish() {
	m, _ := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16}}})
	y, s := mat.NewDense(1, 2, []float64{1, -2}), mat.NewDense(1, 2, nil)
	watch := each(func(x score.Metrics) error {
		if x.Step%100 != 0 {
			return nil
		}
		if err := x.Publish(); err != nil {
			return err
		}
		m.Unconditional().Score(s, y, []float64{1}) // m is the average of the weights so far
		fmt.Println(x.Step, s.At(0, 0) < 0, s.At(0, 1) > 0)
		return nil
	})
	_, err := score.Fit(context.Background(), m, normal(), &score.Settings{Steps: 200, Batch: 64, Recorder: watch})
	fmt.Println(err)
	// Output:
	// 100 true true
	// 200 true true
	// <nil>
}

// How a run comes closer to a distribution that is known. The exact answers are computed
// once.
func ExampleOracle() {
	law := dataset.NewRing(rand.NewPCG(1, 2))
	oracle := score.NewOracle(dataset.Sample(law, 200), law.Diffuse, 0)

	m, _ := score.New(2, &score.Config{Net: nn.RecipeMLP(2, 24)})
	before, _ := oracle.KLBound(m)
	watch := each(func(x score.Metrics) error {
		if x.Step%200 != 0 {
			return nil
		}
		if err := x.Publish(); err != nil {
			return err
		}
		bound, err := oracle.KLBound(m)
		if err != nil {
			return err
		}
		fmt.Println(x.Step, bound < 0.8*before)
		before = bound
		return nil
	})
	data := score.Draws(2, dataset.NewRing)
	_, err := score.Fit(context.Background(), m, data, &score.Settings{Steps: 400, Batch: 64, Recorder: watch})
	fmt.Println(err)
	// Output:
	// 200 true
	// 400 true
	// <nil>
}

// Of a matrix of few rows some are held out, and the model is the best on them.
func ExampleValidation() {
	x := mat.NewDense(200, 2, nil)
	_ = normal().Batch(x, nil, 0, 0, rand.New(rand.NewPCG(1, 2)))
	data, err := score.Rows(x, nil)
	if err != nil {
		log.Fatal(err)
	}
	m, _ := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16}}})
	s := &score.Settings{Steps: 400, Batch: 64, Validation: score.Validation{Every: 50, Patience: 4}}
	result, err := score.Fit(context.Background(), m, data, s)
	fmt.Println(result.BestStep <= result.Steps, result.BestStep%50, err)
	// Output: true 0 <nil>
}

// A second run learns from the rows that the first one has held out, too.
func ExampleResult_Again() {
	x := mat.NewDense(200, 2, nil)
	_ = normal().Batch(x, nil, 0, 0, rand.New(rand.NewPCG(1, 2)))
	data, err := score.Rows(x, nil)
	if err != nil {
		log.Fatal(err)
	}
	c := &score.Config{Net: nn.MLP{Hidden: []int{16}}}
	m, _ := score.New(2, c)
	s := &score.Settings{Steps: 400, Batch: 64}
	first, err := score.Fit(context.Background(), m, data, s)
	if err != nil {
		log.Fatal(err)
	}
	again, err := first.Again(s)
	if err != nil {
		log.Fatal(err)
	}
	m, _ = score.New(2, c)
	second, err := score.Fit(context.Background(), m, data, again)
	fmt.Println(first.Recipe.HeldOut, second.Recipe.HeldOut, second.Steps > first.BestStep, err)
	// Output: 20 0 true <nil>
}

// Weights of torch.nn.Linear layers called hidden0 and output, saved with
// safetensors.torch.save_file(net.state_dict(), path).
func ExampleModel_LoadWeights() {
	f := &checkpoint.File{Tensors: []checkpoint.Tensor{ // what checkpoint.ReadFile(path) returns
		{Name: "net.weight", Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}}, // [out, in]
		{Name: "net.bias", Shape: []int{2}, Data: []float32{0, 0}},
	}}
	m, err := score.New(2, &score.Config{Net: nn.Linear{Out: 2}, Precond: score.X0{}})
	if err != nil {
		log.Fatal(err)
	}
	err = m.LoadWeights(f, func(parameter string) score.TensorName {
		n := score.PyTorch(parameter)
		n.Name = "net." + n.Name
		return n
	})
	s := mat.NewDense(1, 2, nil)
	m.Unconditional().Score(s, mat.NewDense(1, 2, []float64{1, 0}), []float64{1})
	fmt.Printf("%.3f %v\n", mat.Formatted(s), err) // D − x with D = (1, 3)/√2
	// Output: [-0.293   2.121] <nil>
}

// Rows with labels are served like rows without: some are held out, and the run
// is as long as suits their number.
func ExampleRows() {
	x := mat.NewDense(40, 2, nil)
	labels := mat.NewDense(40, 1, nil)
	for i := range 40 {
		labels.Set(i, 0, float64(i%2))
		x.SetRow(i, []float64{float64(4*(i%2)-2) + 0.01*float64(i), 1000 * float64(i)})
	}
	data, err := score.Rows(x, labels)
	if err != nil {
		log.Fatal(err)
	}
	m, _ := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16}}, Cond: score.Conditions{Classes: []int{3}}})
	result, err := score.Fit(context.Background(), m, data, &score.Settings{Steps: 100, Batch: 64})
	fmt.Println(err, result.BestStep)
	fmt.Println(result.Scaling)
	fmt.Println(result.Warnings[0])
	// Output:
	// <nil> 100
	// columns
	// condition column 0: 1 of 3 classes have no row to train on: 2
}

// squares is a finite set that is computed, where others read a file.
type squares int

func (n squares) Len() int       { return int(n) }
func (squares) Dims() (d, c int) { return 2, 0 }
func (squares) Row(i int, x, _ []float64) error {
	x[0], x[1] = float64(i), float64(i*i)
	return nil
}

func ExampleRowsOf() {
	data, err := score.RowsOf(squares(100))
	if err != nil {
		log.Fatal(err)
	}
	m, _ := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16}}})
	result, err := score.Fit(context.Background(), m, data, &score.Settings{Steps: 100, Batch: 64})
	fmt.Println(err, result.BestStep, result.Scaling)
	// Output: <nil> 100 columns
}

// A generator is handed over as it is opened; its last columns may be conditions.
func ExampleDraws() {
	moons := score.Draws(2, dataset.NewMoons)
	fmt.Println(moons.Dims())
	labelled := score.Draws(3, func(src rand.Source) classes { return classes{rand.New(src)} }).WithConditions(1)
	fmt.Println(labelled.Dims())
	// Output:
	// 2 0
	// 2 1
}
