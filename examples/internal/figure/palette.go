package figure

import (
	"cmp"
	"image"
	"image/color"
	"maps"
	"slices"
)

// reduce returns img with 256 colours, which makes the file less than half as
// long. Colours are told apart in steps of 4; the commonest one of every
// eighth of each channel is kept, so that a rare colour like that of single
// points survives, then the commonest of all.
func reduce(img image.Image) *image.Paletted {
	b := img.Bounds()
	counts := map[color.RGBA]int{}
	coarse := make([]color.RGBA, 0, b.Dx()*b.Dy())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			c := color.RGBA{step(r), step(g), step(b), 0xff}
			counts[c]++
			coarse = append(coarse, c)
		}
	}
	common := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var kept, rest []color.Color
	seen := map[color.RGBA]bool{}
	for _, c := range common {
		bin := color.RGBA{c.R >> 5, c.G >> 5, c.B >> 5, 0}
		if seen[bin] {
			rest = append(rest, c)
			continue
		}
		seen[bin] = true
		kept = append(kept, c)
	}
	kept = append(kept, rest...)
	out := image.NewPaletted(b, kept[:min(len(kept), 256)])
	index := make(map[color.RGBA]uint8, len(common))
	for _, c := range common {
		index[c] = uint8(out.Palette.Index(c))
	}
	for i, c := range coarse {
		out.Pix[i] = index[c]
	}
	return out
}

// step rounds a channel of 16 bits to a multiple of 4 in 8 bits, white to
// white.
func step(v uint32) uint8 { return uint8(min((v>>8+2)/4*4, 0xff)) }
