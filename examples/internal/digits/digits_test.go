package digits_test

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/images"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/examples/internal/digits"
	"github.com/gradlogp/gradlogp/examples/internal/digits/digitstest"
	"github.com/gradlogp/gradlogp/nn"
)

func TestTheCarriedImagesAreTheDigits(t *testing.T) {
	all, err := digits.Carried()
	require.NoError(t, err)
	require.Equal(t, 1797, all.Len())
	require.Equal(t, digits.Format{Height: 8, Width: 8, Shades: 17, Classes: 10}, all.Format)
	require.Equal(t, []float64{0, 1, 2, 3, 4}, mat.Col(nil, 0, all.Labels)[:5])

	parts := all.Split(1, 360)
	require.Equal(t, []int{360, 1437}, []int{parts[0].Len(), parts[1].Len()})
	for _, d := range twosample.Nearest(parts[0].X, parts[1].X, 1).RawMatrix().Data {
		require.Positive(t, d, "an image in two parts")
	}
}

func TestFilesHoldTheSameImages(t *testing.T) {
	s := digitstest.Few(t, 20, 3)
	read, err := digits.Load(digitstest.Write(t, s))
	require.NoError(t, err)
	require.Equal(t, s, read)

	dir := t.TempDir()
	for i := range s.Len() {
		img := image.NewGray(image.Rect(0, 0, 8, 8))
		for p, v := range s.X.RawRowView(i) {
			img.SetGray(p%8, p/8, color.Gray{Y: uint8(v)})
		}
		class := filepath.Join(dir, fmt.Sprint(s.Label(i)))
		require.NoError(t, os.MkdirAll(class, 0o700))
		f, err := os.Create(filepath.Join(class, fmt.Sprintf("%02d.png", i)))
		require.NoError(t, err)
		require.NoError(t, png.Encode(f, img))
		require.NoError(t, f.Close())
	}
	read, err = digits.Load(dir)
	require.NoError(t, err)
	require.Equal(t, s.Format, read.Format)
	at := 0
	for k := range s.Classes { // the folder has the images class after class
		for i := range s.Len() {
			if s.Label(i) == k {
				require.Equal(t, s.X.RawRowView(i), read.X.RawRowView(at))
				require.Equal(t, k, read.Label(at))
				at++
			}
		}
	}
	_, err = digits.Load(t.TempDir())
	require.ErrorIs(t, err, images.ErrShape)
}

func TestCutsTakeBackTheScatter(t *testing.T) {
	for _, shades := range []int{2, 3, 17, 256} {
		s := digits.Format{Height: 1, Width: shades, Shades: shades, Classes: 1}.Blank(20)
		s.X.Apply(func(_, j int, _ float64) float64 { return float64(j) }, s.X)
		rng, x := rand.New(rand.NewPCG(1, 1)), mat.NewDense(20, shades, nil)
		for i := range 20 {
			s.Scatter(x.RawRowView(i), s.X.RawRowView(i), rng)
		}
		require.NotEqual(t, x.RawRowView(0), x.RawRowView(1))
		c := digits.Cuts(x, s)
		digits.Snap(x, c)
		require.InDeltaSlice(t, s.X.RawMatrix().Data, x.RawMatrix().Data, 0)
		far := mat.NewDense(1, 2, []float64{-1e9, 1e9})
		digits.Snap(far, c)
		require.Equal(t, []float64{0, s.White()}, far.RawRowView(0))
	}
}

func TestTheNetworkFitsTheImages(t *testing.T) {
	for _, side := range []int{8, 12, 16, 28, 32} {
		_, err := nn.Check(digits.Format{Height: side, Width: side}.Network(), side*side, 1, side*side)
		require.NoError(t, err)
	}
	_, err := nn.Check(digits.Format{Height: 30, Width: 30}.Network(), 900, 1, 900)
	require.ErrorContains(t, err, "UNet.Size")
}

func TestAClassifierLearnsDigits(t *testing.T) {
	all, err := digits.Carried()
	require.NoError(t, err)
	parts := all.Split(0, 360)
	a := digits.Learn(parts[1], digits.Lessons{Steps: 120}).Accuracy(parts[0])
	require.Greater(t, a.Part, 330, "%v", a) // 350 and more after the default of 800
}
