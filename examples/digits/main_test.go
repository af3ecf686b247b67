package main

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/images"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

func small(t *testing.T, args ...string) *job {
	j := &job{}
	require.NoError(t, command.Parse("digits", j, append([]string{"-out", "-", "-gif", "-"}, args...)))
	return j
}

// few returns the first of the carried images with labels below a bound.
func few(t *testing.T, n, classes int) set {
	all, err := carried()
	require.NoError(t, err)
	var index []int
	for i := 0; len(index) < n; i++ {
		if all.label(i) < classes {
			index = append(index, i)
		}
	}
	s := all.rows(index)
	s.classes = classes
	return s
}

// write writes the set as two IDX files and returns the path of the images.
func (s set) write(t *testing.T) string {
	head := func(sizes ...int) []byte {
		b := []byte{0, 0, 8, byte(len(sizes))}
		for _, n := range sizes {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		}
		return b
	}
	images, labels := head(s.len(), s.height, s.width), head(s.len())
	for i := range s.len() {
		for _, v := range s.x.RawRowView(i) {
			images = append(images, byte(v))
		}
		labels = append(labels, byte(s.label(i)))
	}
	path := filepath.Join(t.TempDir(), "some-images-idx3-ubyte")
	require.NoError(t, os.WriteFile(path, images, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "some-labels-idx1-ubyte"), labels, 0o600))
	return path
}

func TestOutputDoesNotDependOnWorkers(t *testing.T) {
	data := few(t, 60, 2).write(t)
	stdout, _ := commandtest.Same(t, func(workers string) (command.Job, []string) {
		dir := t.TempDir()
		out, gif := filepath.Join(dir, "digits.png"), filepath.Join(dir, "digits.gif")
		return small(t, "-data", data, "-steps", "2", "-batch", "16", "-n", "100", "-lessons", "2", "-points", "3", "-bits", "2",
			"-workers", workers, "-out", out, "-gif", gif), []string{out, gif}
	})
	require.Contains(t, stdout, "2 of 2 steps, seed 0, 60 images of 8×8, 12 held out")
	require.Regexp(t, `copies of training images +0 +\d`, stdout)
	require.Regexp(t, `bits a pixel of 2 images +\d\.\d+ ± \d`, stdout)
}

func TestTheCarriedImagesAreTheDigits(t *testing.T) {
	all, err := carried()
	require.NoError(t, err)
	require.Equal(t, 1797, all.len())
	require.Equal(t, format{8, 8, 17, 10}, all.format)
	require.Equal(t, []float64{0, 1, 2, 3, 4}, mat.Col(nil, 0, all.labels)[:5])

	parts := all.split(1, 360)
	require.Equal(t, []int{360, 1437}, []int{parts[0].len(), parts[1].len()})
	for _, d := range nearest(parts[0], parts[1]) {
		require.Positive(t, d, "an image in two parts")
	}
}

func TestFilesHoldTheSameImages(t *testing.T) {
	s := few(t, 20, 3)
	read, err := small(t, "-data", s.write(t)).load()
	require.NoError(t, err)
	require.Equal(t, s, read)

	dir := t.TempDir()
	for i := range s.len() {
		img := image.NewGray(image.Rect(0, 0, 8, 8))
		for p, v := range s.x.RawRowView(i) {
			img.SetGray(p%8, p/8, color.Gray{Y: uint8(v)})
		}
		class := filepath.Join(dir, fmt.Sprint(s.label(i)))
		require.NoError(t, os.MkdirAll(class, 0o700))
		f, err := os.Create(filepath.Join(class, fmt.Sprintf("%02d.png", i)))
		require.NoError(t, err)
		require.NoError(t, png.Encode(f, img))
		require.NoError(t, f.Close())
	}
	read, err = small(t, "-data", dir).load()
	require.NoError(t, err)
	require.Equal(t, s.format, read.format)
	at := 0
	for k := range s.classes { // the folder has the images class after class
		for i := range s.len() {
			if s.label(i) == k {
				require.Equal(t, s.x.RawRowView(i), read.x.RawRowView(at))
				require.Equal(t, k, read.label(at))
				at++
			}
		}
	}
	_, err = small(t, "-data", t.TempDir()).load()
	require.ErrorIs(t, err, images.ErrShape)
}

func TestCutsTakeBackTheScatter(t *testing.T) {
	for _, shades := range []int{2, 3, 17, 256} {
		s := format{height: 1, width: shades, shades: shades, classes: 1}.blank(20)
		s.x.Apply(func(_, j int, _ float64) float64 { return float64(j) }, s.x)
		rng, x := rand.New(rand.NewPCG(1, 1)), mat.NewDense(20, shades, nil)
		for i := range 20 {
			s.scatter(x.RawRowView(i), s.x.RawRowView(i), rng)
		}
		require.NotEqual(t, x.RawRowView(0), x.RawRowView(1))
		c := cuts(x, s)
		snap(x, c)
		require.InDeltaSlice(t, s.x.RawMatrix().Data, x.RawMatrix().Data, 0)
		far := mat.NewDense(1, 2, []float64{-1e9, 1e9})
		snap(far, c)
		require.Equal(t, []float64{0, s.white()}, far.RawRowView(0))
	}
}

func TestCutsGiveTheSharesOfRealImages(t *testing.T) {
	real := few(t, 200, 10)
	rng, x := rand.New(rand.NewPCG(1, 1)), mat.NewDense(300, 64, nil)
	x.Apply(func(_, _ int, _ float64) float64 { return 8 + 5*rng.NormFloat64() }, x)
	snap(x, cuts(x, real))
	require.InDelta(t, empty(real), empty(set{real.format, x, nil}), 1e-4)
}

func TestTheNetworkFitsTheImages(t *testing.T) {
	for _, side := range []int{8, 12, 16, 28, 32} {
		_, err := nn.Check(format{height: side, width: side}.network(), side*side, 1, side*side)
		require.NoError(t, err)
	}
	_, err := nn.Check(format{height: 30, width: 30}.network(), 900, 1, 900)
	require.ErrorContains(t, err, "UNet.Size")
}

func TestBitsOfAnUntrainedNetworkAreThoseOfANormalLaw(t *testing.T) {
	s := few(t, 3, 2)
	m, err := score.New(s.pixels(), &score.Config{Net: s.network(), Cond: score.Conditions{Classes: []int{2}}})
	require.NoError(t, err)
	got, err := small(t, "-bits", "3").bits(m, s)
	require.NoError(t, err)

	want, x, rng := make([]float64, 3), make([]float64, s.pixels()), rand.New(rand.NewPCG(0, 4))
	for i := range want {
		s.scatter(x, s.x.RawRowView(i), rng)
		for p, v := range s.x.RawRowView(i) {
			nats := x[p]*x[p]/2 + math.Log(2*math.Pi)/2 // its output is 0, which is the score of N(0, 1)
			want[i] += (nats - math.Log(s.spread(v))) / math.Ln2 / float64(s.pixels())
		}
	}
	require.InEpsilon(t, estimateOf(want).mean, got.mean, 1e-3)
	require.InEpsilon(t, estimateOf(want).err, got.err, 1e-2)
}

func TestPixelsAloneNeedTheEntropyOfTheirShades(t *testing.T) {
	f := format{height: 1, width: 4, shades: 2, classes: 1}
	s := f.blank(2000)
	rng := rand.New(rand.NewPCG(1, 2))
	s.x.Apply(func(_, j int, _ float64) float64 { return float64(min(j, 1) * rng.IntN(2)) }, s.x)
	alone := (&job{bitsOf: 1000}).bitsAlone(s, s)
	require.InDelta(t, 0.75, alone.mean, 0.01)
}

func TestAClassifierLearnsDigits(t *testing.T) {
	all, err := carried()
	require.NoError(t, err)
	parts := all.split(0, 360)
	a := small(t, "-lessons", "120").learn(parts[1]).accuracy(parts[0])
	require.Greater(t, a.part, 330, "%v", a) // 350 and more after the default of 800
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-steps", "0"}, {"-rate", "Inf"}, {"-n", "50"}, {"-rate", "NaN"}, {"-lessons", "0"}, {"-points", "2"}, {"-bits", "1"}, {"-guidance", "Inf"},
		{"-out", "no/such/folder/a.png"}, {"-out", "a", "-gif", "a"},
	} {
		require.Error(t, command.Parse("digits", &job{}, args))
	}
}
