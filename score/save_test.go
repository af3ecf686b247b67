package score

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/sde"
)

// trained returns a model whose weights and frame are not those of New.
func trained(t *testing.T, c Config) *Model {
	m := newModel(t, 2, c)
	fit(t, m, moons(), quick(5))
	return m
}

func saved(t *testing.T, m *Model) []byte {
	var b bytes.Buffer
	require.NoError(t, m.Save(&b))
	return b.Bytes()
}

// state is all of a model that a file can change.
func state(m *Model) string {
	return fmt.Sprint(m.theta, m.shift, m.scale, m.calibrated)
}

func scores(m *Model) *mat.Dense {
	s := mat.NewDense(20, m.Dim(), nil)
	m.Unconditional().Score(s, normals(20, m.Dim(), 1), spread(m.Process(), 20))
	return s
}

func TestSavedModelIsTheSameModel(t *testing.T) {
	for name, c := range map[string]Config{
		"mlp": {Net: small}, "energy": {Net: spherical}, "VP, v": {Net: small, Process: sde.VP{}, Precond: V{}, MinNoise: None},
	} {
		m := trained(t, c)
		file := saved(t, m)
		require.Equal(t, file, saved(t, m), "the same bytes")
		c.Seed = 99
		other, err := New(2, &c)
		require.NoError(t, err)
		scores(other) // compiles programs, whose weights Load has to replace
		require.NoError(t, other.Load(bytes.NewReader(file)))
		require.Equal(t, state(m), state(other), name)
		require.Equal(t, scores(m), scores(other), name)
		require.Equal(t, file, saved(t, other), name)

		double := newModel(t, 2, c).Float64()
		require.NoError(t, double.Load(bytes.NewReader(file)))
		require.Equal(t, scores(m.Float64()), scores(double), name)
		require.Equal(t, file, saved(t, double), name)
	}
}

func TestTrainingGoesOnAfterLoading(t *testing.T) {
	m := trained(t, Config{})
	other := newModel(t, 2, Config{Seed: 5})
	require.NoError(t, other.Load(bytes.NewReader(saved(t, m))))
	fit(t, m, moons(), quick(5))
	fit(t, other, moons(), quick(5))
	require.Equal(t, state(m), state(other))
}

func TestUntrainedModelMeasuresItsFrameAfterLoading(t *testing.T) {
	m := newModel(t, 2, Config{})
	require.NoError(t, m.Load(bytes.NewReader(saved(t, newModel(t, 2, Config{})))))
	fit(t, m, moons(), quick(1))
	shift := m.Frame().Shift
	require.NotZero(t, shift[0])
}

func TestFileOfAnotherModelIsRefused(t *testing.T) {
	file := saved(t, trained(t, Config{}))
	for want, c := range map[string]Config{
		"gradlogp.process is\n\tsde.EDM{} in the file,\n\tsde.VP{} in the model":            {Process: sde.VP{}},
		"sde.EDM{SigmaMax:70} in the model":                                                 {Process: sde.EDM{SigmaMax: 70}},
		"gradlogp.network is\n\tnn.MLP{Hidden:[]int{16, 16}} in":                            {Net: nn.MLP{Hidden: []int{16, 17}}},
		"nn.MLP{Hidden:[]int{16, 17}} in":                                                   {Net: nn.MLP{Hidden: []int{16, 17}}},
		"gradlogp.preconditioning is\n\tscore.EDM{} in the file,\n\tscore.V{} in the model": {Precond: V{}},
		"gradlogp.min_noise is\n\t0.005 in the file,\n\t0 in the model":                     {MinNoise: None},
	} {
		refused(t, newModel(t, 2, c), file, ErrMismatch, want)
	}
	refused(t, newModel(t, 3, Config{}), file, ErrMismatch, "gradlogp.dim is\n\t2 in the file,\n\t3 in the model")
}

// refused asserts that a model does not take a file, and stays as it is.
func refused(t *testing.T, m *Model, file []byte, want error, message string) {
	t.Helper()
	before, answer := state(m), scores(m)
	err := m.Load(bytes.NewReader(file))
	require.ErrorIs(t, err, want)
	require.ErrorContains(t, err, "score: Load: ")
	require.ErrorContains(t, err, message)
	require.Equal(t, before, state(m))
	require.Equal(t, answer, scores(m))
}

func TestDamagedFileIsRefused(t *testing.T) {
	file := saved(t, trained(t, Config{}))
	m := newModel(t, 2, Config{})
	before := state(m)
	load := func(b []byte, what string, at int) {
		if err := m.Load(bytes.NewReader(b)); err == nil {
			t.Fatalf("%s at byte %d of %d: accepted", what, at, len(file))
		}
	}
	for k := 0; k < len(file); k += 1 + len(file)/400 {
		load(file[:k], "cut", k)
		flipped := bytes.Clone(file)
		flipped[k] ^= 1 << (k % 8)
		load(flipped, "bit flipped", k)
	}
	load(append(bytes.Clone(file), 0), "byte added", len(file))
	require.Equal(t, before, state(m))
	require.NoError(t, m.Load(bytes.NewReader(file)))
}

// changed returns the model's file after a change.
func changed(t *testing.T, m *Model, change func(f *checkpoint.File)) []byte {
	f, err := checkpoint.Read(bytes.NewReader(saved(t, m)))
	require.NoError(t, err)
	change(f)
	var b bytes.Buffer
	require.NoError(t, checkpoint.Write(&b, f))
	return b.Bytes()
}

func TestFileWithOtherTensorsIsRefused(t *testing.T) {
	m := trained(t, Config{})
	index := func(f *checkpoint.File, name string) *checkpoint.Tensor {
		for i := range f.Tensors {
			if f.Tensors[i].Name == name {
				return &f.Tensors[i]
			}
		}
		t.Fatalf("no tensor %s", name)
		return nil
	}
	for message, c := range map[string]struct {
		change func(f *checkpoint.File)
		want   error
	}{
		"the file has no tensor net.output.bias": {func(f *checkpoint.File) { index(f, "net.output.bias").Name = "net.output.bias2" }, ErrMismatch},
		"the file has a tensor net.more that the model has not": {func(f *checkpoint.File) {
			f.Tensors = append(f.Tensors, checkpoint.Tensor{Name: "net.more", Shape: []int{1}, Data: []float32{1}})
		}, ErrMismatch},
		"tensor net.output.weight is []float32 of shape [2 16], want []float32 of shape [16 2]": {func(f *checkpoint.File) {
			index(f, "net.output.weight").Shape = []int{2, 16}
		}, ErrMismatch},
		"tensor frame.shift is []float32 of shape [2], want []float64 of shape [2]": {func(f *checkpoint.File) {
			index(f, "frame.shift").Data = []float32{1, 2}
		}, ErrMismatch},
		"number 3 of tensor net.output.weight is NaN": {func(f *checkpoint.File) {
			index(f, "net.output.weight").Data.([]float32)[3] = float32(math.NaN())
		}, ErrNonFinite},
		"number 1 of tensor frame.shift is +Inf": {func(f *checkpoint.File) {
			index(f, "frame.shift").Data.([]float64)[1] = math.Inf(1)
		}, ErrNonFinite},
		"frame.scale[1] is 0, want a positive number": {func(f *checkpoint.File) {
			index(f, "frame.scale").Data.([]float64)[1] = 0
		}, ErrRange},
		"gradlogp.kind is\n\t in the file,\n\tmodel in the model": {func(f *checkpoint.File) { delete(f.Metadata, "gradlogp.kind") }, ErrMismatch},
	} {
		t.Run(message, func(t *testing.T) {
			refused(t, newModel(t, 2, Config{}), changed(t, m, c.change), c.want, message)
		})
	}
}

// A safetensors file of another program has no version and no checksum.
func TestForeignFileIsRefused(t *testing.T) {
	header := `{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	foreign := append([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}, header+"\x00\x00\x80\x3f"...)
	refused(t, newModel(t, 2, Config{}), foreign, checkpoint.ErrVersion, "not a saved model")
	refused(t, newModel(t, 2, Config{}), []byte("not a model at all"), checkpoint.ErrCorrupt, "")
}

func TestFilesAreSavedAndLoaded(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "moons.safetensors")
	m := trained(t, Config{})
	require.NoError(t, newModel(t, 2, Config{}).SaveFile(path))
	require.NoError(t, m.SaveFile(path), "over an old one")
	onDisk, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, saved(t, m), onDisk)
	other := newModel(t, 2, Config{Seed: 8})
	require.NoError(t, other.LoadFile(path))
	require.Equal(t, state(m), state(other))

	before := state(other)
	for _, missing := range []string{filepath.Join(dir, "none"), filepath.Join(path, "below")} {
		err := other.LoadFile(missing)
		require.ErrorContains(t, err, "score: LoadFile: ")
		require.Error(t, err)
	}
	require.ErrorIs(t, other.LoadFile(filepath.Join(dir, "none")), fs.ErrNotExist)
	require.Error(t, other.LoadFile(dir))
	err = newModel(t, 2, Config{Precond: V{}}).LoadFile(path)
	require.ErrorIs(t, err, ErrMismatch)
	require.ErrorContains(t, err, "score: LoadFile: "+path+": gradlogp.preconditioning is")
	require.Equal(t, before, state(other))

	for _, unwritable := range []string{filepath.Join(path, "below"), filepath.Join(dir, "none", "below"), dir} {
		require.ErrorContains(t, m.SaveFile(unwritable), "score: SaveFile: ")
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing is left behind")
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, onDisk, again)
}

// full is a writer that runs out of space.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, fs.ErrClosed
	}
	return len(p), nil
}

func TestWriteErrorsAreReported(t *testing.T) {
	m := newModel(t, 2, Config{})
	for _, space := range []int{0, 10, 2000} {
		err := m.Save(&full{space})
		require.ErrorIs(t, err, fs.ErrClosed)
		require.True(t, strings.HasPrefix(err.Error(), "score: Save: "))
	}
}
