package augment_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/array"
	"github.com/gradlogp/gradlogp/dataset/augment"
	"github.com/gradlogp/gradlogp/dataset/images"
	"github.com/gradlogp/gradlogp/dataset/rows"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// model returns a small model with conditions.
func model(t *testing.T, d, width int, c score.Conditions) *score.Model {
	m, err := score.New(d, &score.Config{Net: nn.MLP{Hidden: []int{width, width}}, Cond: c, Seed: 1})
	require.NoError(t, err)
	return m
}

// stopped is a Recorder that ends a run.
type stopped struct {
	at   int
	stop context.CancelFunc
}

func (s stopped) Record(m score.Metrics) error {
	if m.Step == s.at {
		s.stop()
	}
	return nil
}

func TestBitsDoNotDependOnWorkersOrOnAnInterruption(t *testing.T) {
	fit := func(ctx context.Context, s score.Settings, from string) ([]float32, error) {
		data, err := augment.New(source(set(30, 12, 1)), augment.Grid{Size: []int{3, 4}},
			augment.Jitter{Width: 0.5}, augment.Shift{Most: []int{1, 1}}, augment.Flip{}, augment.Sometimes{P: 0.5, Op: augment.Noise{Most: 2}})
		require.NoError(t, err)
		m := model(t, 12, 8, score.Conditions{Columns: data.Parameters(), Classes: []int{30}})
		s.Steps, s.Batch, s.Seed = 30, 16, 5
		var res *score.Result
		if from == "" {
			res, err = score.Fit(ctx, m, data, &s)
		} else {
			res, err = score.Resume(ctx, m, data, &s, from)
		}
		return res.Raw, err
	}
	want, err := fit(context.Background(), score.Settings{Workers: 1}, "")
	require.NoError(t, err)
	for _, workers := range []int{2, 3, 7} {
		got, err := fit(context.Background(), score.Settings{Workers: workers}, "")
		require.NoError(t, err)
		require.Equal(t, want, got, "%d workers", workers)
	}
	ctx, stop := context.WithCancel(context.Background())
	dir := t.TempDir()
	kept := score.Checkpoints{Dir: dir, Every: 10}
	_, err = fit(ctx, score.Settings{Checkpoints: kept, Recorder: stopped{13, stop}}, "")
	require.ErrorIs(t, err, context.Canceled)
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		got, err := fit(context.Background(), score.Settings{Workers: 2}, name)
		require.NoError(t, err)
		require.Equal(t, want, got, "resumed from %s", filepath.Base(name))
	}
}

// A disk that fails, and a file that is written over, end a run with what it has learned.
func TestAFileThatFailsInTrainingLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "images-idx3-ubyte")
	file := append([]byte{0, 0, 8, 3, 0, 0, 0, 50, 0, 0, 0, 2, 0, 0, 0, 2}, make([]byte, 200)...)
	for i := range file[16:] {
		file[16+i] = byte(i)
	}
	require.NoError(t, os.WriteFile(path, file, 0o666))
	shades, err := array.Open(path)
	require.NoError(t, err)
	defer shades.Close()
	set, err := images.New(shades, images.Format{Height: 2, Width: 2})
	require.NoError(t, err)
	data, err := augment.New(source(set), augment.Grid{Size: set.Format.Size()}, augment.Jitter{Width: set.Format.Step() / 2}, augment.Flip{})
	require.NoError(t, err)
	m := model(t, 4, 8, score.Conditions{Columns: data.Parameters()})
	res, err := score.Fit(context.Background(), m, data, &score.Settings{Steps: 100, Batch: 8, Recorder: stopped{20, func() { require.NoError(t, os.Truncate(path, 100)) }}})
	require.ErrorIs(t, err, array.ErrChanged)
	require.ErrorContains(t, err, path)
	require.GreaterOrEqual(t, res.Steps, 20)
	x := mat.NewDense(3, 4, nil)
	p := m.Given(data.Clean(nil)).Problem()
	require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.Default(p.SDE), nil))
}

// hum is an IDX file of images of 2×2 pixels without their bytes.
type hum struct{ header []byte }

func (h hum) ReadAt(b []byte, off int64) (int, error) {
	for i := range b {
		b[i] = byte((off + int64(i)) * 37)
	}
	if off < int64(len(h.header)) {
		copy(b, h.header[off:])
	}
	return len(b), nil
}

func TestTrainingOnAFileLargerThanMemoryTakesLittle(t *testing.T) {
	const n = 1 << 31 // 8 GiB
	if math.MaxInt == math.MaxInt32 {
		t.Skip("an int does not count so many pixels")
	}
	header := []byte{0, 0, 8, 3, 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2}
	shades, err := array.NewRows(hum{header}, int64(len(header))+4*n)
	require.NoError(t, err)
	set, err := images.New(shades, images.Format{Height: 2, Width: 2})
	require.NoError(t, err)
	data, err := augment.New(source(set), augment.Grid{Size: []int{2, 2}}, augment.Flip{})
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = score.Fit(context.Background(), model(t, 4, 8, score.Conditions{Columns: data.Parameters()}), data, &score.Settings{Steps: 20, Batch: 8, Workers: 1})
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20), "bytes allocated in all")
}

// The truth: a bump on a ring of eight pixels, each with its noise.
var bump = []float64{-1, -1, -0.5, 1, 0.5, -1, -1, -1}

const deviation = 0.2

// samples returns samples of a model of bumps that are shifted by up to three pixels.
func samples(t *testing.T, op augment.Op, steps int) *mat.Dense {
	x := mat.NewDense(500, 8, nil)
	rng := rand.New(rand.NewPCG(1, 1))
	x.Apply(func(_, j int, _ float64) float64 { return bump[j] + deviation*rng.NormFloat64() }, x)
	data, err := augment.New(source(rows.Of(x)), augment.Grid{Size: []int{8}}, op)
	require.NoError(t, err)
	m := model(t, 8, 48, score.Conditions{Columns: data.Parameters()})
	_, err = score.Fit(context.Background(), m, data, &score.Settings{
		Steps: steps, Batch: 128, Rate: optim.Cosine{Peak: 1e-2, Floor: 1e-4, Steps: steps}, References: score.None, DropCond: score.None, EMA: 0.99, Seed: 1,
	})
	require.NoError(t, err)
	p := m.Problem()
	if data.Parameters() > 0 {
		p = m.Given(data.Clean(nil)).Problem()
	}
	y := mat.NewDense(400, 8, nil)
	require.NoError(t, sampler.Sample(context.Background(), y, p, sampler.Default(p.SDE), &sampler.Settings{Seed: 2}))
	return y
}

// shifted returns the share of rows whose largest value is not where the bump has it.
func shifted(y *mat.Dense) float64 {
	n := 0
	for i := range y.RawMatrix().Rows {
		largest := 0
		for j, v := range y.RawRowView(i) {
			if v > y.At(i, largest) {
				largest = j
			}
		}
		if largest != 3 && largest != 4 {
			n++
		}
	}
	return float64(n) / float64(y.RawMatrix().Rows)
}

func TestSamplesAreCleanWhenTheNetworkIsTold(t *testing.T) {
	shift := augment.Sometimes{P: 0.6, Op: augment.Shift{Most: []int{3}, Edge: augment.Circular}}
	y := samples(t, shift, 800)
	require.Less(t, shifted(y), 0.02)
	var c mat.SymDense
	stat.CovarianceMatrix(&c, y, nil)
	for j, want := range bump {
		require.InDelta(t, want, stat.Mean(mat.Col(nil, j, y), nil), 0.08)
		require.InDelta(t, deviation, math.Sqrt(c.At(j, j)), 0.06)
		for k := range j {
			require.InDelta(t, 0, c.At(j, k), 0.02, "covariance with a variance of 0.04")
		}
	}
	leaky := samples(t, augment.Leaky{Op: shift}, 200)
	require.InDelta(t, 0.6*5/7, shifted(leaky), 0.1, "those shifted further than by one to the right")
}

func ExampleNew() {
	x := mat.NewDense(2, 4, []float64{1, 2, 3, 4, 5, 6, 7, 8})
	labels := mat.NewDense(2, 1, []float64{0, 1})
	set, err := score.Rows(x, labels)
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := augment.New(set, augment.Grid{Size: []int{4}}, augment.Shift{Most: []int{2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	batch, cond := mat.NewDense(3, 4, nil), mat.NewDense(3, 2, nil)
	if err := data.Batch(batch, cond, 0, 0, rand.New(rand.NewPCG(1, 1))); err != nil {
		fmt.Println(err)
		return
	}
	for i := range 3 {
		fmt.Println(batch.RawRowView(i), "shifted by", cond.At(i, 0), "label", cond.At(i, 1))
	}
	fmt.Println("to sample:", data.Clean(labels).RawMatrix().Data)
	// Output:
	// [0 0 1 2] shifted by 2 label 0
	// [6 7 8 0] shifted by -1 label 1
	// [0 0 1 2] shifted by 2 label 0
	// to sample: [0 0 0 1]
}

// Rows with the noise of their shades, the same at every call: to measure bits per pixel on.
func ExampleFixed() {
	set, err := augment.Fixed(rows.Of(mat.NewDense(2, 3, []float64{0, 1, 2, 3, 4, 5})), 1, augment.Grid{Size: []int{3}}, augment.Jitter{Width: 0.5})
	if err != nil {
		fmt.Println(err)
		return
	}
	x := make([]float64, 3)
	for range 2 {
		fmt.Printf("%v %.3f\n", set.Row(1, x, nil), x)
	}
	// Output:
	// <nil> [2.840 4.410 5.329]
	// <nil> [2.840 4.410 5.329]
}
