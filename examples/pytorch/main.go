// Command pytorch carries a model to PyTorch and back. With -out it trains one on two
// moons and writes its file, rows and scores as NumPy arrays; network.py there computes
// the scores of the same weights, trains further, and writes its weights; with -in they
// are read here, and the scores compared. distributed.py trains in several processes.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/array"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/score"
)

func main() { command.Main("pytorch", &job{}) }

// job is what the flags ask for.
type job struct {
	out, in string
	steps   int
	width   int
	rows    int
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.StringVar(&j.out, "out", "", "folder to write a model, rows and scores to")
	f.StringVar(&j.in, "in", "", "folder to read the weights and scores of PyTorch from")
	f.IntVar(&j.steps, "steps", 1000, "training steps")
	f.IntVar(&j.width, "width", 32, "width of the network")
	f.IntVar(&j.rows, "rows", 1000, "rows, at as many noise levels")
}

// Check implements command.Job.
func (j *job) Check() error {
	switch {
	case (j.out == "") == (j.in == ""):
		return errors.New("-out and -in: want one of them")
	case j.steps < 1 || j.width < 1 || j.rows < 1:
		return fmt.Errorf("-steps %d, -width %d, -rows %d: want at least 1", j.steps, j.width, j.rows)
	}
	return nil
}

// Run implements command.Job.
func (j *job) Run(ctx context.Context, stdout, _ io.Writer) error {
	if j.in != "" {
		return j.back(stdout)
	}
	return j.forth(ctx, stdout)
}

// The files.
const (
	modelFile   = "model.safetensors"
	rowsFile    = "rows.npy"
	noiseFile   = "noise.npy"
	scoresFile  = "scores.npy"
	weightsFile = "torch.safetensors"
	torchFile   = "torch.npy"
)

// forth trains a model and writes what PyTorch is to read.
func (j *job) forth(ctx context.Context, stdout io.Writer) error {
	m, err := score.New(2, &score.Config{Net: nn.RecipeMLP(2, j.width)})
	if err != nil {
		return err
	}
	if _, err := score.Fit(ctx, m, score.Draws(2, dataset.NewMoons), &score.Settings{Steps: j.steps, Batch: 256}); err != nil {
		return err
	}
	if err := os.MkdirAll(j.out, 0o777); err != nil {
		return err
	}
	if err := m.SaveFile(filepath.Join(j.out, modelFile)); err != nil {
		return err
	}

	x := dataset.Sample(dataset.NewMoons(rand.NewPCG(0, 1)), j.rows)
	noise := mat.NewDense(j.rows, 1, nil) // from .02 to 20, evenly in the logarithm
	for i := range j.rows {
		noise.Set(i, 0, 0.02*math.Pow(1000, (float64(i)+0.5)/float64(j.rows)))
	}
	for file, a := range map[string]*mat.Dense{rowsFile: x, noiseFile: noise, scoresFile: scores(m, x, noise)} {
		var b bytes.Buffer
		if err := array.Write(&b, a); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(j.out, file), b.Bytes(), 0o666); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "wrote %s, and %d rows, noise levels and scores as NumPy arrays, to %s\n", modelFile, j.rows, j.out)
	return nil
}

// scores returns the scores of rows in model coordinates, each at its noise level: the time
// of the default process is the noise.
func scores(m *score.Model, x, noise *mat.Dense) *mat.Dense {
	y := mat.DenseCopyOf(x)
	m.Frame().ToModel(y, y)
	s := mat.DenseCopyOf(y)
	m.Unconditional().Score(s, y, noise.RawMatrix().Data)
	return s
}

// back reads the weights of PyTorch into a model, and compares its scores with those there.
func (j *job) back(stdout io.Writer) error {
	m, err := score.Open(filepath.Join(j.in, modelFile)) // for the network and the frame
	if err != nil {
		return err
	}
	before := heldOut(m)
	f, err := checkpoint.ReadFile(filepath.Join(j.in, weightsFile))
	if err != nil {
		return err
	}
	if err := m.LoadWeights(f, score.PyTorch); err != nil {
		return err
	}
	var arrays [3]*mat.Dense
	for k, file := range []string{rowsFile, noiseFile, torchFile} {
		if arrays[k], _, err = array.ReadFile(filepath.Join(j.in, file)); err != nil {
			return err
		}
	}
	own, want, largest := scores(m, arrays[0], arrays[1]), arrays[2], 0.0
	for i := range own.RawMatrix().Rows {
		largest = max(largest, floats.Distance(own.RawRowView(i), want.RawRowView(i), 2)*arrays[1].At(i, 0))
	}
	fmt.Fprintf(stdout, "scores of PyTorch's weights in gradlogp: largest difference %.1e/σ\n", largest)
	if !(largest < 1e-5) {
		return errors.New("the scores differ")
	}
	fmt.Fprintf(stdout, "loss on new rows: %.3f of gradlogp's weights, %.3f of PyTorch's\n", before, heldOut(m))
	return nil
}

// heldOut returns the loss score.DSM with the weight score.EDMWeight on rows that nobody has
// seen, at times of score.LogNormal: the same rows, times and noise in every call.
func heldOut(m *score.Model) float64 {
	const n = 4096
	x, rng := dataset.Sample(dataset.NewMoons(rand.NewPCG(7, 7)), n), rand.New(rand.NewPCG(8, 8))
	m.Frame().ToModel(x, x)
	noisy, s, sum := mat.DenseCopyOf(x), mat.DenseCopyOf(x), 0.0
	noise := make([]float64, n)
	for i := range n {
		noise[i] = score.LogNormal{}.Quantile(m.Process(), (float64(i)+0.5)/n)
		for j := range 2 {
			noisy.Set(i, j, x.At(i, j)+noise[i]*rng.NormFloat64())
		}
	}
	m.Unconditional().Score(s, noisy, noise)
	for i, σ := range noise {
		for j := range 2 {
			off := noisy.At(i, j) + σ*σ*s.At(i, j) - x.At(i, j) // Tweedie's formula
			sum += (1 + σ*σ) / (σ * σ) * off * off
		}
	}
	return sum / n
}
