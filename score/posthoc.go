package score

import (
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// Two averages of the weights that checkpoints keep with Checkpoints.Averages: power
// functions of the widths that Karras et al. 2024 take.
var trackWidths = [...]float64{0.05, 0.1}

const tensorTrack = runName + "average." // and a number

// tracks are the averages of a run in the making.
type tracks [len(trackWidths)][]float32

// update moves the averages towards the weights after a step.
func (t *tracks) update(theta []float32, step int) {
	for i, width := range trackWidths {
		if t[i] == nil {
			t[i] = slices.Clone(theta)
		}
		optim.EMA[float32]{By: optim.PowerFunction{Width: width}}.Update(t[i], theta, step)
	}
}

// profile is how a power-function average weighs the steps of a run: the share of the steps
// up to s is min(s/Steps, 1)^Power.
type profile struct{ steps, power float64 }

func (p profile) share(s float64) float64 { return math.Pow(min(s/p.steps, 1), p.power) }

func profileOf(width float64, step int) profile {
	return profile{float64(step), optim.PowerFunction{Width: width}.Exponent() + 1}
}

// combination returns the factors with which the averages make up the wanted one best, in
// the mean square over the steps, and the relative error that is left.
func combination(have []profile, want profile) (factors []float64, off float64, err error) {
	const cells = 4096
	column := func(p profile) []float64 {
		v, before := make([]float64, cells), 0.0
		for i := range v {
			share := p.share(want.steps * float64(i+1) / cells)
			v[i], before = share-before, share
		}
		return v
	}
	a := mat.NewDense(cells, len(have), nil)
	for j, p := range have {
		a.SetCol(j, column(p))
	}
	b := mat.NewVecDense(cells, column(want))
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		return nil, 0, fmt.Errorf("the least-squares problem of %d averages has no solution: %w", len(have), ErrNonFinite)
	}
	const least = 1e-6 // of the largest singular value: what is below amplifies rounding
	var x, left mat.VecDense
	svd.SolveVecTo(&x, b, svd.Rank(least))
	left.MulVec(a, &x)
	left.SubVec(&left, b)
	return x.RawVector().Data, mat.Norm(&left, 2) / mat.Norm(b, 2), nil
}

// LoadAverage fills the model with the average of the weights over a run that a
// PowerFunction of any width would have left, long after the run (Karras et al. 2024): the
// best combination, by least squares, of what the checkpoints in dir hold. The run had
// Settings.Checkpoints with Averages; 8 to 40 checkpoints are enough for widths from .02 on. off is the relative
// error of the weights of the steps, in the root mean square: up to .1 does no harm.
//
// The model must have been made with the process, network and so on of the run, for
// example by Open of its Latest checkpoint. A width that is not on (0, 1/√12] gives an
// error wrapping ErrRange, a directory without checkpoints fs.ErrNotExist, and files of
// another model, of several runs or without averages ErrMismatch. After an error the
// model is unchanged.
func (m *Model) LoadAverage(dir string, width float64) (off float64, err error) {
	if err := (optim.PowerFunction{Width: width}).Validate(); err != nil || width == 0 {
		return 0, fmt.Errorf("score: LoadAverage: width: is %v, want a number on (0, 1/√12]: %w", width, ErrRange)
	}
	all, err := kept(dir)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no checkpoint in %s: %w", dir, fs.ErrNotExist)
	}
	if err != nil {
		return 0, fmt.Errorf("score: LoadAverage: %w", err)
	}
	want := profileOf(width, all[len(all)-1].step)
	var have []profile
	for _, f := range all {
		for _, w := range trackWidths {
			have = append(have, profileOf(w, f.step))
		}
	}
	factors, off, err := combination(have, want)
	if err != nil {
		return 0, fmt.Errorf("score: LoadAverage: %w", err)
	}
	sum := make([]float64, len(m.theta))
	var c *content
	var run map[string]string
	for k, at := range all {
		f, err := checkpoint.ReadFile(at.path)
		if err != nil {
			return 0, fmt.Errorf("score: LoadAverage: %w", err)
		}
		if of := f.Metadata[metaStep]; of != strconv.Itoa(at.step) {
			return 0, fmt.Errorf("score: LoadAverage: %s: %s: is %s, want %d, as the file's name says: %w", at.path, metaStep, quoted(of), at.step, ErrMismatch)
		}
		if run == nil {
			run = f.Metadata
		}
		var tracked tracks
		if c, tracked, err = m.tracked(f, run); err != nil {
			return 0, fmt.Errorf("score: LoadAverage: %s: %w", at.path, err)
		}
		for i, v := range tracked {
			for j := range sum {
				sum[j] += factors[k*len(trackWidths)+i] * float64(v[j])
			}
		}
	}
	c.theta = narrow(c.theta, sum)
	m.set(c)
	return off, nil
}

// tracked returns what is the model's of a checkpoint, and its averages.
func (m *Model) tracked(f *checkpoint.File, run map[string]string) (c *content, all tracks, err error) {
	c, rest, err := m.parse(f)
	if err != nil {
		return nil, all, err
	}
	for key, v := range run {
		field, setting := strings.CutPrefix(key, metaSettings)
		if setting && !slices.Contains(ahead, field) && f.Metadata[key] != v {
			return nil, all, fmt.Errorf("%s is %s, and %s in the first file: they are of two runs: %w", "Settings."+field, quoted(f.Metadata[key]), quoted(v), ErrMismatch)
		}
	}
	for i := range all {
		t, ok := rest[tensorTrack+strconv.Itoa(i)]
		v, is := t.Data.([]float32)
		if !ok || !is || len(v) < len(m.theta) {
			return nil, all, fmt.Errorf("the file holds no averages; the run wants Checkpoints.Averages: %w", ErrMismatch)
		}
		if j := indexNonFinite(v); j >= 0 {
			return nil, all, fmt.Errorf("number %d of tensor %s is %v: %w", j, t.Name, v[j], ErrNonFinite)
		}
		all[i] = v
	}
	return c, all, nil
}

// restoreTracks restores the averages of a checkpoint, or leaves out what the run has no
// use for.
func (t *trainer) restoreTracks(rest map[string]checkpoint.Tensor) error {
	for i := range trackWidths {
		name := tensorTrack + strconv.Itoa(i)
		if t.tracks == nil {
			delete(rest, name)
			continue
		}
		if _, ok := rest[name]; !ok {
			return fmt.Errorf("the file holds no averages, which Settings.Checkpoints.Averages wants from the first step on: %w", ErrMismatch)
		}
		v, err := tensor[float32](rest, name, len(t.raw))
		if err != nil {
			return err
		}
		t.tracks[i] = v
	}
	return nil
}
