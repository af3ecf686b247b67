package images

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkRow(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	grey, colour := image.NewGray(image.Rect(0, 0, 28, 28)), image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range grey.Pix {
		grey.Pix[i] = uint8(rng.IntN(256))
	}
	for i := range colour.Pix {
		if colour.Pix[i] = uint8(rng.IntN(256)); i%4 == 3 {
			colour.Pix[i] = 255
		}
	}
	for name, img := range map[string]image.Image{"grey28": grey, "colour64": colour} {
		b.Run(name, func(b *testing.B) {
			f, err := OpenFS(files(map[string][]byte{"1.png": encoded(b, img)}), nil)
			require.NoError(b, err)
			x := make([]float64, f.Format.Columns())
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, f.Row(0, x, nil))
			}
		})
	}
}
